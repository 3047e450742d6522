using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments.Any(argument => argument is "--help" or "-h"))
        {
            Console.WriteLine(CommandLine.Usage);
            return 0;
        }

        if (CommandLine.Parse(arguments, out var error) is not { } line)
        {
            Console.Error.WriteLine($"{error}; --help lists the options");
            return 2;
        }

        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using var loggers = LoggerFactory.Create(logging => Configure(logging, line.Verbose));
        using var stopping = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await new Terminal(line, TimeProvider.System, loggers, Console.In, Console.Out).RunAsync(stopping.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }
    }

    private static void Configure(ILoggingBuilder logging, bool verbose)
    {
        logging.SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Warning);
        // The terminal itself tells of registrations.
        if (!verbose) logging.AddFilter(typeof(Registration).FullName, LogLevel.Error);
        logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
