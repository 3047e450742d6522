using Xunit;

namespace Gateway.Sip.Tests;

/// <summary>
/// Tests that keep every processor busy for seconds run by themselves, after the others: beside them a test that waits for a socket would
/// miss its deadline on a small machine.
/// </summary>
[CollectionDefinition(nameof(ProcessorBound), DisableParallelization = true)]
public sealed class ProcessorBound;
