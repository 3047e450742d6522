using System.Collections;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Store;

/// <summary>All rows at once: one array for each column, unnested into rows by the server.</summary>
internal sealed class PostgresRowStatement<T> : RowStatement<T>
{
    private readonly Action<T, RowBinder> _bind;
    private readonly PostgresRowStatements _statements;
    private readonly Binder _binder;

    public PostgresRowStatement(RowCommand<T> command, PostgresRowStatements statements)
    {
        _bind = command.Values.Bind;
        _statements = statements;
        var kinds = command.Values.Kinds;
        var arrays = string.Join(", ", kinds.Select((_, i) => $"${i + 1}"));
        var names = string.Join(", ", kinds.Select((_, i) => $"c{i}"));
        var text = command.Text(value => $"new.c{value}", $"FROM unnest({arrays}) AS new({names})");
        var columns = kinds.Select(ListOf).ToArray();
        _binder = new Binder(columns);
        var sent = new NpgsqlBatchCommand(text);
        foreach (var (kind, column) in kinds.Zip(columns))
            sent.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | TypeOf(kind), Value = column });
        Statement = new PostgresStatement(sent, columns, command.Answers);
    }

    public PostgresStatement Statement { get; }

    public override void Execute(IReadOnlyList<T> rows, List<long> returned)
    {
        if (Statement.Returned is not null)
            _statements.Flush();
        try
        {
            for (var i = 0; i < rows.Count; i++)
            {
                _binder.Start();
                _bind(rows[i], _binder);
            }
        }
        catch
        {
            Statement.Clear();
            throw;
        }
        _statements.Send(Statement, returned);
    }

    private static NpgsqlDbType TypeOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Flag   => NpgsqlDbType.Boolean,
        ColumnKind.Text   => NpgsqlDbType.Text,
        ColumnKind.Octets => NpgsqlDbType.Bytea,
        _                 => NpgsqlDbType.Bigint,
    };

    private static IList ListOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Flag   => new List<bool>(),
        ColumnKind.Text   => new List<string?>(),
        ColumnKind.Octets => new List<byte[]?>(),
        _                 => new List<long?>(),
    };

    private sealed class Binder(IList[] columns) : RowBinder
    {
        private int _index;

        public void Start() => _index = 0;

        public override void Add(long? value) => ((List<long?>)columns[_index++]).Add(value);
        public override void Add(bool value) => ((List<bool>)columns[_index++]).Add(value);
        public override void Add(string? value) => ((List<string?>)columns[_index++]).Add(value);
        public override void Add(byte[]? value) => ((List<byte[]?>)columns[_index++]).Add(value);
    }
}

/// <summary>What is sent of a statement, and where its answers go.</summary>
internal sealed class PostgresStatement(NpgsqlBatchCommand command, IList[] columns, bool answers)
{
    public NpgsqlBatchCommand Command => command;
    public bool Answers => answers;

    /// <summary>Null unless it waits to be sent.</summary>
    public List<long>? Returned { get; set; }

    public void Clear()
    {
        Array.ForEach(columns, column => column.Clear());
        Returned = null;
    }
}
