using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Gateway.Store;

/// <summary>
/// An insert or update of many rows, made from EF's model and written once for both databases. In the text, <c>value(i)</c> stands for the
/// i-th of <paramref name="Values"/>, and <c>from</c> for where the values come from: nothing where each row is a step of its own (SQLite),
/// an unnested set of arrays where all rows go at once (PostgreSQL).
/// </summary>
internal sealed record RowCommand<T>(RowValues<T> Values, Func<Func<int, string>, string, string> Text)
{
    /// <summary>It returns a number for each row, or for some.</summary>
    public bool Answers { get; init; }

    /// <summary>The answers are the ids of its rows, and a step of SQLite's knows them without RETURNING, which makes a temporary table each time.</summary>
    public StepId<T>? StepId { get; init; }

    private const string Returning = " RETURNING \"Id\"";

    /// <summary>All columns but those the database fills.</summary>
    public static RowCommand<T> Insert(IModel model, bool returnIds)
    {
        var entity = EntityOf<T>(model);
        var given = entity.GetProperties().Where(p => p.ValueGenerated == ValueGenerated.Never).ToList();
        return new RowCommand<T>(
            new RowValues<T>([.. given.Select(p => p.Name)]),
            (value, from) =>
            {
                var values = string.Join(", ", given.Select((_, i) => value(i)));
                return $"INSERT INTO {Table(entity)} ({string.Join(", ", given.Select(Column))}) "
                    + (from.Length == 0 ? $"VALUES ({values})" : $"SELECT {values} {from}{(returnIds ? Returning : "")}");
            })
        {
            Answers = returnIds,
            StepId = returnIds ? (_, _, inserted) => inserted : null,
        };
    }

    /// <summary>
    /// Sets columns of <typeparamref name="TRow"/> to the properties of the same names where the stored state is not final yet, and returns
    /// the ids of the rows where it did. A null for <paramref name="keptWhenNull"/> leaves what is stored; with
    /// <paramref name="where"/>, also the column must still be what the property is.
    /// </summary>
    public static RowCommand<T> UpdateUnlessFinal<TRow>(
        IModel model, Func<T, long> id, string? keptWhenNull, (string Column, string Property)? where, params string[] properties)
    {
        var entity = EntityOf<TRow>(model);
        var columns = properties.Select(name => Column(entity.FindProperty(name)!)).ToList();
        return new RowCommand<T>(
            new RowValues<T>([.. properties, nameof(RowProgress.Id), .. where is { Property: var property } ? [property] : Array.Empty<string>()]),
            (value, from) => $"UPDATE {Table(entity)} SET {string.Join(", ", columns.Select((_, i) => Set(i, value(i))))} {from} "
                + $"WHERE \"Id\" = {value(properties.Length)} AND \"State\" < 10"
                + (where is { Column: var column } ? $" AND {Column(entity.FindProperty(column)!)} = {value(properties.Length + 1)}" : "")
                + (from.Length == 0 ? "" : Returning))
        {
            Answers = true,
            StepId = (row, changed, _) => changed > 0 ? id(row) : null,
        };

        string Set(int i, string value) =>
            properties[i] == keptWhenNull ? $"{columns[i]} = COALESCE({value}, {Table(entity)}.{columns[i]})" : $"{columns[i]} = {value}";
    }

    /// <summary>Messages have two tables; new ones and their progress belong to the first.</summary>
    private static IEntityType EntityOf<TRow>(IModel model) =>
        model.FindEntityType(typeof(TRow) == typeof(ShortMessageRow) ? nameof(GatewayDb.ShortMessages) : typeof(TRow).FullName!)!;

    private static string Table(IEntityType entity) => $"\"{entity.GetTableName()}\"";

    private static string Column(IProperty property) => $"\"{property.GetColumnName()}\"";
}

/// <summary>The id to answer after a step for <paramref name="row"/>, of how many rows it changed and which one the connection inserted last.</summary>
internal delegate long? StepId<T>(T row, int changed, long inserted);
