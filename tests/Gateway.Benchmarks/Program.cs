using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Gateway.Benchmarks.Sms;

if (args is ["sms", .. var options])
{
    // In process: the generated projects of the default toolchain would inherit the rules of this repository.
    var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
    BenchmarkSwitcher.FromTypes([typeof(SmsBenchmarks)]).Run(options.Length > 0 ? options : ["--filter", "*"], config);
    return 0;
}
Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Gateway.Benchmarks -- sms [BenchmarkDotNet options]");
return 64;
