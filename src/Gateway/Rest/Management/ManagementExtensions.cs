using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.Rest.Management;

internal static class ManagementExtensions
{
    private const string Bearer = "adminKey";

    public static WebApplicationBuilder AddManagement(this WebApplicationBuilder builder)
    {
        builder.Services.Configure<ApiBehaviorOptions>(api => api.InvalidModelStateResponseFactory = Problems.OfModel);
        builder.Services.Configure<SwaggerGenOptions>(swagger =>
        {
            swagger.AddSecurityDefinition(Bearer, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "Admin:Key of the settings.",
            });
            swagger.OperationFilter<AdminOperationFilter>();
        });
        return builder;
    }

    public static WebApplication UseManagement(this WebApplication app)
    {
        app.UseWhen(http => http.Request.Path.StartsWithSegments(AdminGate.Path), api => api.UseMiddleware<AdminGate>());
        return app;
    }

    private sealed class AdminOperationFilter : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (context.ApiDescription.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true)
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
        }
    }
}
