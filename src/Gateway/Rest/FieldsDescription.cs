using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.Rest;

/// <summary>A parameter as the API description shows it; the example is what Swagger UI fills in, null leaves it out.</summary>
internal sealed record FieldDescription(string Name, string? Example, string Description, bool Required = false);

/// <summary>On an action that reads <see cref="RequestFields"/>: what it reads, since no method parameter tells.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal abstract class TakesFieldsAttribute : Attribute
{
    public abstract IReadOnlyList<FieldDescription> Fields { get; }
    public virtual IReadOnlyList<FieldDescription> Headers => [];
    /// <summary>It reads no form.</summary>
    public virtual bool JsonOnly => false;
}

/// <summary>Describes such actions: fields are query parameters of a GET, and a form or a JSON object of a POST.</summary>
internal sealed class FieldsOperationFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (context.MethodInfo.GetCustomAttributes(inherit: true).OfType<TakesFieldsAttribute>().FirstOrDefault() is not { } takes)
            return;
        if (HttpMethods.IsGet(context.ApiDescription.HttpMethod ?? ""))
            operation.Parameters = [.. operation.Parameters ?? [], .. takes.Fields.Select(field => Parameter(field, ParameterLocation.Query))];
        else
            operation.RequestBody = Body(takes);
        if (takes.Headers.Count > 0)
            operation.Parameters = [.. operation.Parameters ?? [], .. takes.Headers.Select(header => Parameter(header, ParameterLocation.Header))];
    }

    private static OpenApiParameter Parameter(FieldDescription field, ParameterLocation place) => new()
    {
        Name = field.Name,
        In = place,
        Description = field.Description,
        Required = field.Required,
        Example = field.Example,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiRequestBody Body(TakesFieldsAttribute takes)
    {
        var fields = takes.Fields;
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = fields.ToDictionary(field => field.Name, IOpenApiSchema (field) => new OpenApiSchema
            {
                Type = JsonSchemaType.String, Description = field.Description, Examples = field.Example is null ? null : [field.Example],
            }),
            Required = fields.Where(field => field.Required).Select(field => field.Name).ToHashSet(),
        };
        var example = new JsonObject(fields.Where(field => field.Example is not null)
            .Select(field => KeyValuePair.Create(field.Name, (JsonNode?)JsonValue.Create(field.Example))));
        var json = new OpenApiMediaType { Schema = schema, Example = example };
        return new OpenApiRequestBody
        {
            Required = true,
            Content = takes.JsonOnly ? new Dictionary<string, IOpenApiMediaType> { ["application/json"] = json } : new Dictionary<string, IOpenApiMediaType>
            {
                ["application/x-www-form-urlencoded"] = new OpenApiMediaType { Schema = schema }, ["application/json"] = json,
            },
        };
    }
}
