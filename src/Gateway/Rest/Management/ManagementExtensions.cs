using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gateway.Provisioning;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.Rest.Management;

internal static class ManagementExtensions
{
    private const string Bearer = "adminKey";

    public static WebApplicationBuilder AddManagement(this WebApplicationBuilder builder)
    {
        // What is wrong with a body is kept by its path, and a member nobody knows may have more brackets in its name than the depth allowed: an exception.
        builder.Services.Configure<MvcOptions>(mvc => mvc.MaxModelBindingRecursionDepth = int.MaxValue);
        builder.Services.Configure<ApiBehaviorOptions>(api => api.InvalidModelStateResponseFactory = Problems.OfModel);
        builder.Services.Configure<JsonOptions>(json =>
            json.JsonSerializerOptions.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { DirectoryJson.Hide } });
        builder.Services.Configure<SwaggerGenOptions>(swagger =>
        {
            swagger.AddSecurityDefinition(Bearer, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "Admin:Key of the settings.",
            });
            swagger.OperationFilter<AdminOperationFilter>();
            swagger.SchemaFilter<SecretSchemaFilter>();
        });
        return builder;
    }

    public static WebApplication UseManagement(this WebApplication app)
    {
        app.UseWhen(http => http.Request.Path.StartsWithSegments(AdminGate.Path), api => api.UseMiddleware<AdminGate>());
        return app;
    }

    /// <summary>Secrets go one way; whether there is one comes back.</summary>
    private sealed class SecretSchemaFilter : ISchemaFilter
    {
        public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
        {
            if (schema is not OpenApiSchema { Properties: { } properties }) return;
            foreach (var (secret, _) in DirectoryJson.SecretsOf(context.Type))
            {
                if (properties.TryGetValue(JsonNamingPolicy.CamelCase.ConvertName(secret), out var property) && property is OpenApiSchema taken) taken.WriteOnly = true;
                properties[DirectoryJson.HasName(secret)] = new OpenApiSchema { Type = JsonSchemaType.Boolean, ReadOnly = true };
            }
        }
    }

    private sealed class AdminOperationFilter : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (context.ApiDescription.RelativePath?.StartsWith("api/", StringComparison.Ordinal) != true)
                return;
            // ASP.NET names whatever its formatters would take as well.
            Keep(operation.RequestBody?.Content);
            foreach (var response in operation.Responses ?? []) Keep(response.Value.Content);
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];

            static void Keep(IDictionary<string, IOpenApiMediaType>? content)
            {
                foreach (var type in content?.Keys.Where(type => type is not ("application/json" or Problems.MediaType)).ToList() ?? []) content!.Remove(type);
            }
        }
    }
}
