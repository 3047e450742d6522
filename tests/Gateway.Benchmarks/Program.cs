using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Gateway.Benchmarks.Delivery;
using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Sip;
using Gateway.Benchmarks.Sms;
using Gateway.Benchmarks.Store;

switch (args)
{
    case ["sms", .. var options]:
        return Run(typeof(SmsBenchmarks), options);
    case ["sip", .. var options]:
        return Run(typeof(MessageBenchmarks), options);
    case ["sip-uas", var listen, var seconds]:
        await SipLoad.AnswerAsync(listen, int.Parse(seconds, CultureInfo.InvariantCulture));
        return 0;
    case ["sip-uac", var uri, var requests, var atOnce]:
        await SipLoad.SendAsync(uri, int.Parse(requests, CultureInfo.InvariantCulture), int.Parse(atOnce, CultureInfo.InvariantCulture));
        return 0;
    case ["store", .. var options]:
        return await StoreFigures.RunAsync(options);
    case ["lanes", .. var options] when await LanesCommand.RunAsync(options) is { } code:
        return code;
    case ["load", .. var options] when await LoadCommand.RunAsync(options) is { } code:
        return code;
}

Console.Error.WriteLine("""
    usage: dotnet run -c Release --project tests/Gateway.Benchmarks -- ...
      sms [BenchmarkDotNet options]                                       the codec
      sip [BenchmarkDotNet options]                                       the SIP message path
      sip-uas LISTEN SECONDS | sip-uac URI REQUESTS AT-ONCE               the SIP stack against SIPp
      store [writes | due ROWS | start ROWS] [POSTGRES-CONNECTION-STRING] the writer and the queue's queries
      lanes [--store sqlite|postgres] [--bulk MESSAGES] [--otp PER-SECOND] one-time passwords while a bulk backlog drains
      load [--quick] [--store sqlite|postgres] [--peer kamailio] [--scenario volte|ott|mixed|mo|storm|otp|carrier]
           [--seconds N] [--rate PER-SECOND] [--mailboxes N]              the whole path; tests/load builds and runs it
    """);
return 64;

static int Run(Type benchmarks, string[] options)
{
    // In process: the generated projects of the default toolchain would inherit the rules of this repository.
    var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
    BenchmarkSwitcher.FromTypes([benchmarks]).Run(options.Length > 0 ? options : ["--filter", "*"], config);
    return 0;
}
