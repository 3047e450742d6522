using System.Collections;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Store;

/// <summary>All rows in one round trip: one array for each column, unnested into rows by the server.</summary>
internal sealed class PostgresRowStatement<T> : RowStatement<T>
{
    private readonly Action<T, RowBinder> _bind;
    private readonly NpgsqlCommand _command;
    private readonly Binder _binder;

    public PostgresRowStatement(RowCommand<T> command, NpgsqlConnection connection)
    {
        _bind = command.Values.Bind;
        var kinds = command.Values.Kinds;
        var arrays = string.Join(", ", kinds.Select((_, i) => $"${i + 1}"));
        var names = string.Join(", ", kinds.Select((_, i) => $"c{i}"));
        _command = new NpgsqlCommand(command.Text(value => $"new.c{value}", $"FROM unnest({arrays}) AS new({names})"), connection);
        _binder = new Binder(kinds);
        foreach (var (kind, column) in kinds.Zip(_binder.Columns))
            _command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | TypeOf(kind), Value = column });
        _command.Prepare();
    }

    public override void Execute(IReadOnlyList<T> rows, List<long> returned)
    {
        try
        {
            for (var i = 0; i < rows.Count; i++)
            {
                _binder.Start();
                _bind(rows[i], _binder);
            }
            using var reader = _command.ExecuteReader();
            while (reader.Read())
                returned.Add(reader.GetInt64(0));
        }
        finally
        {
            _binder.Clear();
        }
    }

    public override void Dispose() => _command.Dispose();

    private static NpgsqlDbType TypeOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Flag   => NpgsqlDbType.Boolean,
        ColumnKind.Text   => NpgsqlDbType.Text,
        ColumnKind.Octets => NpgsqlDbType.Bytea,
        _                 => NpgsqlDbType.Bigint,
    };

    private sealed class Binder(IReadOnlyList<ColumnKind> kinds) : RowBinder
    {
        private int _index;

        public IList[] Columns { get; } = [.. kinds.Select(kind => (IList)(kind switch
        {
            ColumnKind.Flag   => new List<bool>(),
            ColumnKind.Text   => new List<string?>(),
            ColumnKind.Octets => new List<byte[]?>(),
            _                 => new List<long?>(),
        }))];

        public void Clear() => Array.ForEach(Columns, column => column.Clear());

        public void Start() => _index = 0;

        public override void Add(long? value) => ((List<long?>)Columns[_index++]).Add(value);
        public override void Add(bool value) => ((List<bool>)Columns[_index++]).Add(value);
        public override void Add(string? value) => ((List<string?>)Columns[_index++]).Add(value);
        public override void Add(byte[]? value) => ((List<byte[]?>)Columns[_index++]).Add(value);
    }
}
