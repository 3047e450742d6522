using System.Text;
using Gateway.Handset;
using Microsoft.Extensions.Logging;

if (args.Any(argument => argument is "--help" or "-h"))
{
    Console.WriteLine(CommandLine.Usage);
    return 0;
}

if (CommandLine.Parse(args, out var error) is not { } line)
{
    Console.Error.WriteLine($"{error}; --help lists the options");
    return 2;
}

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var loggers = LoggerFactory.Create(logging => logging
    .SetMinimumLevel(line.Verbose ? LogLevel.Debug : LogLevel.Error)
    .AddSimpleConsole(console => console.SingleLine = true)
    .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopping.Cancel();
};
using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        stopping.Cancel();
    });
return await new Terminal(line, TimeProvider.System, loggers, Console.In, Console.Out).RunAsync(stopping.Token);
