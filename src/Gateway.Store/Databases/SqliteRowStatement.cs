using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Store;

/// <summary>Nothing travels, so each statement happens where it is executed.</summary>
internal sealed class SqliteRowStatements(SqliteConnection connection) : RowStatements
{
    private readonly List<IDisposable> _statements = [];

    public override RowStatement<T> Prepare<T>(RowCommand<T> command)
    {
        var statement = new SqliteRowStatement<T>(command, connection);
        _statements.Add(statement);
        return statement;
    }

    public override void Dispose() => _statements.ForEach(statement => statement.Dispose());
}

/// <summary>
/// One row a step, bound by position straight at the connection's handle: the ADO.NET layer looks every parameter up by name at every
/// execution, which costs more than SQLite's own work (11 instead of 5 µs for a message; tests/Gateway.Benchmarks/Store).
/// </summary>
internal sealed class SqliteRowStatement<T> : RowStatement<T>, IDisposable
{
    private readonly Action<T, RowBinder> _bind;
    private readonly StepId<T>? _stepId;
    private readonly sqlite3 _handle;
    private readonly sqlite3_stmt _statement;
    private readonly Binder _binder;

    public SqliteRowStatement(RowCommand<T> command, SqliteConnection connection)
    {
        _bind = command.Values.Bind;
        _stepId = command.StepId;
        _handle = connection.Handle!;
        var text = command.Text(value => $"?{value + 1}", "");
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_handle, text, out _statement), _handle);
        _binder = new Binder(_handle, _statement, command.Values.Kinds.Count);
    }

    public override void Execute(IReadOnlyList<T> rows, List<long> returned)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            _binder.Start();
            _bind(rows[i], _binder);
            try
            {
                int result;
                while ((result = raw.sqlite3_step(_statement)) == raw.SQLITE_ROW)
                    returned.Add(raw.sqlite3_column_int64(_statement, 0));
                if (result != raw.SQLITE_DONE)
                    SqliteException.ThrowExceptionForRC(result, _handle);
                if (_stepId?.Invoke(rows[i], raw.sqlite3_changes(_handle), raw.sqlite3_last_insert_rowid(_handle)) is { } id)
                    returned.Add(id);
            }
            finally
            {
                _ = raw.sqlite3_reset(_statement);
            }
        }
    }

    public void Dispose() => _statement.Dispose();

    /// <summary>What is bound stays from row to row, and most columns of a table hold the same in the next one: only what differs is bound.</summary>
    private sealed class Binder(sqlite3 handle, sqlite3_stmt statement, int columns) : RowBinder
    {
        private readonly long?[] _integers = new long?[columns];
        private readonly string?[] _texts = new string?[columns];
        private readonly bool[] _octets = new bool[columns];
        private byte[] _utf8 = new byte[1024];
        private int _index;

        public void Start() => _index = 0;

        public override void Add(bool value) => Add(value ? 1L : 0L);

        public override void Add(long? value)
        {
            ref var bound = ref _integers[_index++];
            if (bound == value)
                return;
            Check(value is { } v ? raw.sqlite3_bind_int64(statement, _index, v) : raw.sqlite3_bind_null(statement, _index));
            bound = value;
        }

        public override void Add(byte[]? value)
        {
            ref var bound = ref _octets[_index++];
            if (value is null && !bound)
                return;
            Check(value is null ? raw.sqlite3_bind_null(statement, _index) : raw.sqlite3_bind_blob(statement, _index, value));
            bound = value is not null;
        }

        public override void Add(string? value)
        {
            ref var bound = ref _texts[_index++];
            if (bound == value)
                return;
            Check(value is null ? raw.sqlite3_bind_null(statement, _index) : Bind(value));
            bound = value;
        }

        private int Bind(string value)
        {
            var most = Encoding.UTF8.GetMaxByteCount(value.Length);
            if (_utf8.Length < most)
                _utf8 = new byte[most];
            // With the length given, a U+0000 inside is kept; SQLite copies the octets before it returns.
            return raw.sqlite3_bind_text(statement, _index, _utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, _utf8)));
        }

        private void Check(int result)
        {
            if (result == raw.SQLITE_OK)
                return;
            // What it holds in place of the value that it did not take is not known.
            _ = raw.sqlite3_clear_bindings(statement);
            Array.Clear(_integers);
            Array.Clear(_texts);
            Array.Clear(_octets);
            SqliteException.ThrowExceptionForRC(result, handle);
        }
    }
}
