using System.Collections;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Store;

/// <summary>
/// All rows at once: one array for each column, unnested into rows by the server. Half of a message's columns are empty in most messages; to leave
/// those that are so in a whole batch to the statement's text saves the server a third of the insert. So it has a few forms, by what is left out.
/// </summary>
internal sealed class PostgresRowStatement<T> : RowStatement<T>
{
    private const int MostForms = 8, RowsWorthAForm = 16;

    private readonly RowCommand<T> _command;
    private readonly PostgresRowStatements _statements;
    private readonly IList[] _columns;
    private readonly Binder _binder;
    private readonly List<(Empty Empty, PostgresStatement Statement)> _forms = [];
    private PostgresStatement? _sent;

    public PostgresRowStatement(RowCommand<T> command, PostgresRowStatements statements)
    {
        _command = command;
        _statements = statements;
        _columns = [.. command.Values.Kinds.Select(ListOf)];
        _binder = new Binder(_columns);
        Make(default);
    }

    public override void Execute(IReadOnlyList<T> rows, List<long> returned)
    {
        if (_sent is { Returned: not null })
            _statements.Flush();
        try
        {
            _binder.Start();
            for (var i = 0; i < rows.Count; i++)
            {
                _binder.StartRow();
                _command.Values.Bind(rows[i], _binder);
            }
            _sent = FormFor(_binder.Empty, rows.Count);
        }
        catch
        {
            Array.ForEach(_columns, column => column.Clear());
            throw;
        }
        _statements.Send(_sent, returned);
    }

    private PostgresStatement FormFor(Empty empty, int rows)
    {
        var best = _forms[0];
        foreach (var form in _forms)
            if (form.Empty.Within(empty) && form.Empty.Count > best.Empty.Count)
                best = form;
        return best.Empty != empty && rows >= RowsWorthAForm && _forms.Count < MostForms ? Make(empty) : best.Statement;
    }

    private PostgresStatement Make(Empty empty)
    {
        var kinds = _command.Values.Kinds;
        var sent = Enumerable.Range(0, kinds.Count).Where(i => !empty.Has(i)).ToList();
        var arrays = string.Join(", ", sent.Select((_, i) => $"${i + 1}"));
        var names = string.Join(", ", sent.Select(i => $"c{i}"));
        var command = new NpgsqlBatchCommand(_command.Text(
            i => empty.Has(i) ? empty.IsZero(i) ? Zero(kinds[i]) : $"NULL::{NameOf(kinds[i])}" : $"new.c{i}", $"FROM unnest({arrays}) AS new({names})"));
        foreach (var i in sent)
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | TypeOf(kinds[i]), Value = _columns[i] });
        var statement = new PostgresStatement(command, _columns, _command.Answers);
        _statements.Prepare(statement);
        _forms.Add((empty, statement));
        return statement;
    }

    private static string Zero(ColumnKind kind) => kind == ColumnKind.Flag ? "false" : "0::bigint";

    private static string NameOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Flag   => "boolean",
        ColumnKind.Text   => "text",
        ColumnKind.Octets => "bytea",
        _                 => "bigint",
    };

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

    /// <summary>Columns, by a bit each, that are null in all rows, or 0 or false in all.</summary>
    private readonly record struct Empty(ulong Null, ulong Zero)
    {
        public int Count => System.Numerics.BitOperations.PopCount(Null | Zero);

        public bool Has(int column) => ((Null | Zero) >> column & 1) != 0;
        public bool IsZero(int column) => (Zero >> column & 1) != 0;
        public bool Within(Empty other) => (Null & ~other.Null) == 0 && (Zero & ~other.Zero) == 0;
    }

    private sealed class Binder(IList[] columns) : RowBinder
    {
        private int _index;
        private ulong _null, _zero, _filled;

        /// <summary>Of the rows since <see cref="Start"/>, but never the first column: something has to tell how many rows there are.</summary>
        public Empty Empty
        {
            get
            {
                var filled = _filled | (_null & _zero) | 1;
                return new Empty(_null & ~filled, _zero & ~filled);
            }
        }

        public void Start() => _null = _zero = _filled = 0;

        public void StartRow() => _index = 0;

        public override void Add(long? value)
        {
            Mark(isNull: value is null, isZero: value == 0);
            ((List<long?>)columns[_index++]).Add(value);
        }

        public override void Add(bool value)
        {
            Mark(isNull: false, isZero: !value);
            ((List<bool>)columns[_index++]).Add(value);
        }

        public override void Add(string? value)
        {
            Mark(isNull: value is null, isZero: false);
            ((List<string?>)columns[_index++]).Add(value);
        }

        public override void Add(byte[]? value)
        {
            Mark(isNull: value is null, isZero: false);
            ((List<byte[]?>)columns[_index++]).Add(value);
        }

        private void Mark(bool isNull, bool isZero)
        {
            var column = 1UL << _index;
            if (isNull)
                _null |= column;
            else if (isZero)
                _zero |= column;
            else
                _filled |= column;
        }
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
