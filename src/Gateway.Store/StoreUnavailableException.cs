namespace Gateway.Store;

/// <summary>
/// The database cannot be reached or cannot write. When it goes away during the commit, and cannot be asked soon after, nobody knows whether the
/// change was kept; so a caller may repeat progress (which applies once) but answers a new message with a temporary refusal.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
