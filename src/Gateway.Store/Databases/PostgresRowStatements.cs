using Npgsql;

namespace Gateway.Store;

/// <summary>All that is executed between two flushes is sent at once, and answered in one round trip.</summary>
internal sealed class PostgresRowStatements : RowStatements
{
    // Of the whole transaction, also within a savepoint; 0 while it has written nothing.
    private const string OwnTransaction = "SELECT coalesce(txid_current_if_assigned(), 0)";

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlBatch _batch;
    private readonly List<PostgresStatement> _sent = [];
    private readonly PostgresStatement _ownTransaction = new(new NpgsqlBatchCommand(OwnTransaction), [], answers: true);
    private readonly List<long> _transaction = [];
    private readonly long _serverStartedAt;

    /// <param name="connection">The writer's, open.</param>
    /// <param name="serverStart">SQL for when the server started, in microseconds.</param>
    public PostgresRowStatements(NpgsqlConnection connection, string serverStart)
    {
        _connection = connection;
        _batch = new NpgsqlBatch(connection);
        using var asking = new NpgsqlCommand($"SELECT {serverStart}", connection);
        _serverStartedAt = (long)asking.ExecuteScalar()!;
        _batch.BatchCommands.Add(_ownTransaction.Command);
        _batch.Prepare(); // so that it runs what is prepared
        _batch.BatchCommands.Clear();
    }

    public override RowStatement<T> Prepare<T>(RowCommand<T> command) => new PostgresRowStatement<T>(command, this);

    /// <summary>Whatever waits to be sent.</summary>
    public void Prepare(PostgresStatement statement)
    {
        using var batch = new NpgsqlBatch(_connection);
        batch.BatchCommands.Add(statement.Command);
        batch.Prepare();
    }

    public override void Begin() => _transaction.Clear();

    /// <summary>Once between two flushes; what is bound to it stays until then.</summary>
    public void Send(PostgresStatement statement, List<long> returned)
    {
        statement.Returned = returned;
        _sent.Add(statement);
        _batch.BatchCommands.Add(statement.Command);
    }

    public override void Flush()
    {
        if (_sent.Count == 0)
            return;
        // In passing, so that the commit need not ask.
        if (!KnowsTransaction)
            AskTransaction();
        SendAll();
    }

    public override CommitMark? MarkCommit()
    {
        if (!KnowsTransaction)
        {
            AskTransaction();
            SendAll();
        }
        return KnowsTransaction ? new CommitMark(_transaction[0], _serverStartedAt) : null;
    }

    public override void Drop()
    {
        foreach (var statement in _sent)
            statement.Clear();
        _sent.Clear();
        _batch.BatchCommands.Clear();
    }

    public override void Dispose() => _batch.Dispose();

    private bool KnowsTransaction => _transaction is [not 0];

    private void AskTransaction()
    {
        _transaction.Clear();
        Send(_ownTransaction, _transaction);
    }

    private void SendAll()
    {
        try
        {
            using var reader = _batch.ExecuteReader();
            foreach (var statement in _sent)
            {
                if (!statement.Answers)
                    continue; // it has no result, so the reader does not stop at it
                while (reader.Read())
                    statement.Returned!.Add(reader.GetInt64(0));
                reader.NextResult();
            }
        }
        finally
        {
            Drop();
        }
    }
}
