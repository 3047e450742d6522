using BenchmarkDotNet.Running;
using Gateway.Benchmarks.Sip;

if (args is ["sip", .. var options])
{
    BenchmarkSwitcher.FromTypes([typeof(MessageBenchmarks)]).Run(options);
    return 0;
}

Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Gateway.Benchmarks -- sip --filter '*'");
return 64;
