using System.Diagnostics;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A program that a test starts. Its output is kept for the message of a failure; it is ended by its own process id.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptCharacters = 200_000;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;
    public Task Exited => _exited.Task;
    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments, string directory,
        IReadOnlyDictionary<string, string?>? environment = null, string? input = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = input is not null,
            StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        if (input is not null) start.StandardInputEncoding = new UTF8Encoding(false);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        process.Exited += (_, _) => child._exited.TrySetResult();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        return child;
    }

    /// <summary>Runs a program to its end; anything but exit code 0 is a failure with its output.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string directory, CancellationToken cancel,
        string? input = null)
    {
        string[] words = [.. arguments];
        await using var child = Start(program, words, directory, input: input);
        await child.ExitAsync(cancel);
        return child.ExitCode == 0 ? child.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', words)} ended with {child.ExitCode}:\n{child.Output}");
    }

    /// <summary>Until these words stand in its output, so many times.</summary>
    public Task SaysAsync(string words, CancellationToken cancel, int times = 1) =>
        Deadline.UntilAsync(() => Task.FromResult(Output.Split(words).Length > times), () => $"{words}\nin\n{Output}", cancel);

    /// <summary>Waits for the end, and for all of the output.</summary>
    public async Task ExitAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Deadline.Start);
        await _process.WaitForExitAsync(limit.Token);
    }

    /// <summary>SIGTERM.</summary>
    public async Task TerminateAsync(CancellationToken cancel)
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancel);
    }

    /// <summary>SIGKILL, and gone when this returns.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _exited.Task.WaitAsync(Deadline.Answer);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_exited.Task.IsCompleted)
        {
            _process.Kill(entireProcessTree: true);
            await _exited.Task.WaitAsync(Deadline.Answer);
        }
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output)
        {
            _output.AppendLine(line);
            if (_output.Length > KeptCharacters) _output.Remove(0, KeptCharacters / 2);
        }
    }
}
