using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Gateway.Store;

/// <summary>The kinds of values our columns have; every integer travels as 64 bits and the database narrows it.</summary>
internal enum ColumnKind { Integer, Flag, Text, Octets }

/// <summary>Takes the values of one row, column by column.</summary>
internal abstract class RowBinder
{
    public abstract void Add(long? value);
    public abstract void Add(bool value);
    public abstract void Add(string? value);
    public abstract void Add(byte[]? value);
}

/// <summary>Columns of a table of EF's model, and how <typeparamref name="T"/> fills them.</summary>
internal sealed class RowShape<T>
{
    private RowShape(IEntityType entity, IReadOnlyList<IProperty> columns)
    {
        Table = Quote(entity.GetTableName()!);
        Columns = [.. columns.Select(c => Quote(c.GetColumnName()))];
        Kinds = [.. columns.Select(c => KindOf(c.ClrType))];
        Bind = Binding(columns);
    }

    public string Table { get; }
    public IReadOnlyList<string> Columns { get; }
    public IReadOnlyList<ColumnKind> Kinds { get; }
    public Action<T, RowBinder> Bind { get; }

    /// <summary>The column, if any, where an update with null leaves what is stored; else -1.</summary>
    public int KeptWhenNull { get; private init; } = -1;

    /// <summary>All columns but those the database fills.</summary>
    public static RowShape<T> Row(IModel model)
    {
        var entity = model.FindEntityType(typeof(T))!;
        return new RowShape<T>(entity, [.. entity.GetProperties().Where(p => p.ValueGenerated == ValueGenerated.Never)]);
    }

    /// <summary>
    /// Columns of <typeparamref name="TRow"/> that <typeparamref name="T"/> has under the same names, in the order given.
    /// </summary>
    public static RowShape<T> Part<TRow>(IModel model, string? keptWhenNull, params string[] names)
    {
        var entity = model.FindEntityType(typeof(TRow))!;
        var columns = names.Select(n => entity.FindProperty(n)!).ToList();
        return new RowShape<T>(entity, columns) { KeptWhenNull = Array.IndexOf(names, keptWhenNull) };
    }

    private static string Quote(string name) => $"\"{name}\"";

    private static ColumnKind KindOf(Type type) =>
        type == typeof(string) ? ColumnKind.Text
        : type == typeof(byte[]) ? ColumnKind.Octets
        : type == typeof(bool) ? ColumnKind.Flag
        : ColumnKind.Integer;

    private static Action<T, RowBinder> Binding(IReadOnlyList<IProperty> columns)
    {
        var row = Expression.Parameter(typeof(T));
        var binder = Expression.Parameter(typeof(RowBinder));
        var calls = columns.Select(column =>
        {
            var value = Expression.Property(row, column.Name);
            var type = KindOf(value.Type) == ColumnKind.Integer ? typeof(long?) : value.Type;
            return Expression.Call(binder, nameof(RowBinder.Add), null, Expression.Convert(value, type));
        });
        return Expression.Lambda<Action<T, RowBinder>>(Expression.Block(calls), row, binder).Compile();
    }
}
