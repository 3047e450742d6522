using Gateway.Provisioning;
using Gateway.Rest.Management;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.OpenApi;

namespace Gateway.Rest;

public static class RestExtensions
{
    /// <summary>A text of 3200 emoji in a query is 38,400 octets, and some clients send everything in the query.</summary>
    private const int MaxRequestLineOctets = 64 * 1024;

    private const string Description =
        "Sends short messages to subscribers and through carriers, compatible with the Nexmo (Vonage) SMS API, and takes the webhooks of carriers.";

    public static WebApplicationBuilder AddRest(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestLineSize = MaxRequestLineOctets);
        builder.Services.AddDirectory(settings).AddSingleton<Accounts>().AddSingleton<Rejections>().AddSingleton<SmsSending>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Rejections>());
        // Never AddControllers: it brings authentication and authorization, which every request would pass through and nothing here uses.
        builder.Services.AddMvcCore().AddApiExplorer().AddDataAnnotations().AddApplicationPart(typeof(RestExtensions).Assembly);
        builder.Services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo { Title = "SMS gateway", Version = "v1", Description = Description });
            swagger.OperationFilter<FieldsOperationFilter>();
            swagger.DocInclusionPredicate((_, operation) => operation.RelativePath?.StartsWith("v1/sms", StringComparison.Ordinal) != true);
            swagger.IncludeXmlComments(typeof(RestExtensions).Assembly);
        });
        return builder.AddManagement();
    }

    public static WebApplication MapRest(this WebApplication app)
    {
        // A branch of their own, so that messages do not pass through them.
        app.MapWhen(context => context.Request.Path.StartsWithSegments("/swagger", StringComparison.Ordinal),
            docs => docs.UseSwagger().UseSwaggerUI(ui => ui.DocumentTitle = "SMS gateway"));
        app.UseManagement().MapControllers().Add(SmsController.Shorten);
        return app;
    }
}
