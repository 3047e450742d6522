using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>
/// Copies the write-ahead log back into the database file without stopping the writer.
/// <para>
/// A thread with a connection of its own runs passive checkpoints, which wait for nobody and hold up nobody, after every few thousand rows.
/// While the writer keeps appending, such a checkpoint never quite reaches the log's end, and only a log that is copied to its end starts
/// anew; so when it has grown long, the writer itself copies the last few pages between two transactions, after this thread has copied all
/// the others.
/// </para>
/// </summary>
internal sealed partial class SqliteCheckpointer(string connectionString, ILogger<SqliteCheckpointer> logger) : IDisposable
{
    private const int RowsBetween = 2_000;
    private const int LongLog = 8_192;  // pages of 4 KiB: 32 MiB
    private const int FewPages = 512;
    private const int MaxRounds = 4;

    private readonly AutoResetEvent _due = new(false);
    private Thread? _thread;
    private volatile bool _closing;
    private volatile bool _finish;
    private int _rows;

    /// <summary>On the writer's thread, between its transactions.</summary>
    public void AfterCommit(SqliteConnection writer, int rows)
    {
        _rows += rows;
        if (_finish)
        {
            _finish = false;
            Checkpoint(writer);
        }
        else if (_rows >= RowsBetween)
        {
            _rows = 0;
            if (_thread is null)
                (_thread = new Thread(Run) { IsBackground = true, Name = "sqlite checkpoint" }).Start();
            _due.Set();
        }
    }

    public void Dispose()
    {
        _closing = true;
        _due.Set();
        _thread?.Join();
        _due.Dispose();
    }

    private void Run()
    {
        using var connection = new SqliteConnection(connectionString);
        while (_due.WaitOne() && !_closing)
        {
            try
            {
                if (connection.State != System.Data.ConnectionState.Open)
                {
                    connection.Open();
                    SqliteConnectionSetup.Apply(connection);
                }
                var (pages, left) = Checkpoint(connection);
                for (var round = 1; left > FewPages && round < MaxRounds; round++)
                    (pages, left) = Checkpoint(connection);
                _finish = pages > LongLog;
            }
            catch (SqliteException fault)
            {
                LogCheckpointFailed(fault);
            }
        }
    }

    /// <summary>Pages in the log, and those of them not yet in the database file.</summary>
    private static (int Pages, int Left) Checkpoint(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        using var reader = command.ExecuteReader();
        return reader.Read() && reader.GetInt32(0) == 0 ? (reader.GetInt32(1), reader.GetInt32(1) - reader.GetInt32(2)) : (0, 0);
    }

    [LoggerMessage(5011, LogLevel.Warning, "A checkpoint of the SQLite log failed; the next one will try again")]
    private partial void LogCheckpointFailed(Exception fault);
}
