namespace Gateway.Store;

/// <summary>
/// The database cannot be reached or cannot write. When a connection breaks during the commit nobody knows whether the change was kept, so
/// a caller may repeat progress (which applies once) but answers a new message with a temporary refusal.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
