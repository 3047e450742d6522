using System.Collections;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Store;

/// <summary>All rows in one round trip: one array for each column, unnested into rows by the server.</summary>
internal sealed class PostgresRowStatement<T> : RowStatement<T>
{
    private readonly RowShape<T> _shape;
    private readonly NpgsqlCommand _command;
    private readonly Binder _binder;

    private PostgresRowStatement(RowShape<T> shape, string text, NpgsqlConnection connection)
    {
        _shape = shape;
        _binder = new Binder(shape.Kinds);
        _command = new NpgsqlCommand(text, connection);
        foreach (var (kind, column) in shape.Kinds.Zip(_binder.Columns))
            _command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | TypeOf(kind), Value = column });
        _command.Prepare();
    }

    public static PostgresRowStatement<T> Insert(RowShape<T> shape, bool returnIds, NpgsqlConnection connection) =>
        new(shape, InsertText(shape, $"SELECT * FROM {Unnest(shape)}", returnIds), connection);

    public static PostgresRowStatement<T> UpdateUnlessFinal(RowShape<T> shape, NpgsqlConnection connection)
    {
        var names = string.Join(", ", shape.Columns.Select((_, i) => Name(i)));
        return new(shape, UpdateText(shape, i => "new." + Name(i), $" FROM {Unnest(shape)} AS new({names})"), connection);
    }

    public override void Execute(IReadOnlyList<T> rows, List<long>? returned)
    {
        _binder.Clear();
        for (var i = 0; i < rows.Count; i++)
        {
            _binder.Start();
            _shape.Bind(rows[i], _binder);
        }
        using var reader = _command.ExecuteReader();
        while (reader.Read())
            returned?.Add(reader.GetInt64(0));
    }

    public override void Dispose() => _command.Dispose();

    private static string Unnest(RowShape<T> shape) => $"unnest({string.Join(", ", shape.Columns.Select((_, i) => $"${i + 1}"))})";

    private static string Name(int column) => $"c{column}";

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
