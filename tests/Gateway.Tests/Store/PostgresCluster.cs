using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Gateway.Tests.Store;

/// <summary>
/// A private PostgreSQL server: its own data directory under the temporary one, a free port of 127.0.0.1, started when the first test asks
/// and gone with the last. The server refuses to run as root, so there it runs as the user postgres.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1);
    private string? _directory;
    private bool _durable;
    private int _databases;

    public int Port { get; private set; }

    /// <summary>Of the server; its backends are its children.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(_directory!, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Connection string of a database that does not exist yet.</summary>
    /// <param name="cancel">Ends the start of the server.</param>
    /// <param name="durable">Said by the first to ask: the server waits for its disk, as it does in earnest.</param>
    public async Task<string> NewDatabaseAsync(CancellationToken cancel, bool durable = false)
    {
        await _starting.WaitAsync(cancel);
        try
        {
            if (_directory is null)
                await CreateAsync(durable, cancel);
        }
        finally
        {
            _starting.Release();
        }
        return $"Host=127.0.0.1;Port={Port};Username=postgres;Database=gateway{Interlocked.Increment(ref _databases)}";
    }

    public Task StartAsync(CancellationToken cancel) => ControlAsync(
        cancel, "start", "-w", "-t", "30", "-l", Path.Combine(_directory!, "log"),
        "-o", $"-p {Port} -h 127.0.0.1 -k {_directory} -c fsync={(_durable ? "on" : "off")} -c max_connections=200");

    /// <summary>As a crash: no checkpoint, connections cut; what was committed comes back from the log.</summary>
    public Task CrashAsync(CancellationToken cancel) => ControlAsync(cancel, "stop", "-m", "immediate");

    public async ValueTask DisposeAsync()
    {
        _starting.Dispose();
        if (_directory is null)
            return;
        NpgsqlConnection.ClearAllPools();
        await CrashAsync(CancellationToken.None);
        Directory.Delete(_directory, recursive: true);
    }

    private async Task CreateAsync(bool durable, CancellationToken cancel)
    {
        _durable = durable;
        var directory = Directory.CreateTempSubdirectory("gateway-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", cancel, "postgres", directory);
        var data = Path.Combine(directory, "data");
        await RunAsServerAsync("initdb", cancel, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N");
        _directory = directory;
        Port = FreePort();
        await StartAsync(cancel);
    }

    private Task ControlAsync(CancellationToken cancel, string command, params string[] arguments) =>
        RunAsServerAsync("pg_ctl", cancel, [command, "-D", Path.Combine(_directory!, "data"), .. arguments]);

    private static Task RunAsServerAsync(string program, CancellationToken cancel, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? RunAsync("runuser", cancel, ["-u", "postgres", "--", Binary(program), .. arguments])
            : RunAsync(Binary(program), cancel, arguments);

    private static string Binary(string name)
    {
        var debian = new DirectoryInfo("/usr/lib/postgresql");
        DirectoryInfo[] versions = debian.Exists ? debian.GetDirectories() : [];
        var folders = versions.OrderByDescending(d => int.TryParse(d.Name, out var version) ? version : 0);
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return folders.Select(d => Path.Combine(d.FullName, "bin")).Concat(path.Split(':')).Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                $"PostgreSQL's {name} is neither under /usr/lib/postgresql nor in PATH: install the package postgresql, or leave out "
                + "the tests of Category Postgres.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task RunAsync(string program, CancellationToken cancel, params string[] arguments)
    {
        // The server inherits standard output from pg_ctl and keeps it open, so only its end, never the stream's, is waited for.
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = "/", RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = new StringWriter();
        process.OutputDataReceived += (_, line) => output.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => output.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.EnableRaisingEvents = true;
        var exited = new TaskCompletionSource();
        process.Exited += (_, _) => exited.TrySetResult();
        if (process.HasExited)
            exited.TrySetResult();
        await exited.Task.WaitAsync(TimeSpan.FromSeconds(60), cancel);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
    }
}
