using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Store;

/// <summary>
/// One row a step, bound by position straight at the connection's handle: the ADO.NET layer looks every parameter up by name at every
/// execution, which costs more than SQLite's own work (11 instead of 5 µs for a message; tests/Gateway.Benchmarks/Store).
/// </summary>
internal sealed class SqliteRowStatement<T> : RowStatement<T>
{
    private readonly Action<T, RowBinder> _bind;
    private readonly sqlite3 _handle;
    private readonly sqlite3_stmt _statement;
    private readonly Binder _binder;

    public SqliteRowStatement(RowCommand<T> command, SqliteConnection connection)
    {
        _bind = command.Values.Bind;
        _handle = connection.Handle!;
        var text = command.Text(value => $"?{value + 1}", "");
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_handle, text, out _statement), _handle);
        _binder = new Binder(_handle, _statement);
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
            }
            finally
            {
                _ = raw.sqlite3_reset(_statement);
            }
        }
    }

    public override void Dispose() => _statement.Dispose();

    private sealed class Binder(sqlite3 handle, sqlite3_stmt statement) : RowBinder
    {
        private byte[] _utf8 = new byte[1024];
        private int _index;

        public void Start() => _index = 0;

        public override void Add(long? value) =>
            Check(value is { } v ? raw.sqlite3_bind_int64(statement, ++_index, v) : raw.sqlite3_bind_null(statement, ++_index));

        public override void Add(bool value) => Check(raw.sqlite3_bind_int64(statement, ++_index, value ? 1 : 0));

        public override void Add(byte[]? value) =>
            Check(value is null ? raw.sqlite3_bind_null(statement, ++_index) : raw.sqlite3_bind_blob(statement, ++_index, value));

        public override void Add(string? value)
        {
            if (value is null)
            {
                Check(raw.sqlite3_bind_null(statement, ++_index));
                return;
            }
            var most = Encoding.UTF8.GetMaxByteCount(value.Length);
            if (_utf8.Length < most)
                _utf8 = new byte[most];
            // With the length given, a U+0000 inside is kept; SQLite copies the octets before it returns.
            Check(raw.sqlite3_bind_text(statement, ++_index, _utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, _utf8))));
        }

        private void Check(int result)
        {
            if (result != raw.SQLITE_OK)
                SqliteException.ThrowExceptionForRC(result, handle);
        }
    }
}
