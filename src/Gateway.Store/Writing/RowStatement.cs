namespace Gateway.Store;

/// <summary>One prepared statement over any number of rows.</summary>
internal abstract class RowStatement<T> : IDisposable
{
    /// <summary>Runs it in the connection's open transaction; ids it returns are appended in the order of the rows.</summary>
    public abstract void Execute(IReadOnlyList<T> rows, List<long>? returned);

    public virtual void Dispose() { }

    protected static string InsertText(RowShape<T> shape, string source, bool returnIds) =>
        $"INSERT INTO {shape.Table} ({string.Join(", ", shape.Columns)}) {source}{(returnIds ? " RETURNING \"Id\"" : "")}";

    /// <summary>The values by their 0-based columns, and where they come from, are written as the database wants them.</summary>
    protected static string UpdateText(RowShape<T> shape, Func<int, string> value, string from)
    {
        var (state, key) = (0, shape.Columns.Count - 1);
        var sets = Enumerable.Range(0, key).Select(i => $"{shape.Columns[i]} = {NewValue(i)}");
        return $"UPDATE {shape.Table} SET {string.Join(", ", sets)}{from} "
            + $"WHERE {Stored(key)} = {value(key)} AND {Stored(state)} < 10 RETURNING {Stored(key)}";

        string NewValue(int column) => column == shape.KeptWhenNull ? $"COALESCE({value(column)}, {Stored(column)})" : value(column);
        string Stored(int column) => $"{shape.Table}.{shape.Columns[column]}";
    }
}
