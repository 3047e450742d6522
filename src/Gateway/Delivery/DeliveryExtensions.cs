using Gateway.Delivery.Clustering;
using Gateway.Store;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Gateway.Delivery;

public static class DeliveryExtensions
{
    /// <summary>A mailbox that nobody has spoken to for so long leaves memory; its rows stay.</summary>
    internal static readonly TimeSpan IdleMailbox = TimeSpan.FromMinutes(2);

    /// <summary>Timer F and a little: nor does one leave whose attempt is under way.</summary>
    private static readonly TimeSpan SipTransaction = TimeSpan.FromSeconds(60);

    public static WebApplicationBuilder AddDelivery(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Host.UseOrleans(silo =>
        {
            silo.AddClustering(settings.Cluster);
            var attempt = TimeSpan.FromSeconds(settings.Delivery.ReportTimeoutSeconds) + SipTransaction;
            silo.Configure<GrainCollectionOptions>(options => options.CollectionAge = attempt > IdleMailbox ? attempt : IdleMailbox);
            // The rows of the store are no concern of the cluster's: only when one crosses to another node is it written down, as JSON.
            silo.Services.AddSerializer(serializer => serializer.AddJsonSerializer(type => type == typeof(ShortMessageRow)));
        });
        builder.Services.AddSingleton(settings.Delivery).AddSingleton(new RetrySchedule(settings.Delivery, Random.Shared));
        builder.Services.AddSingleton<WorkUnderWay>().AddSingleton<LocalMailboxes>().AddSingleton<AwaitedReports>().AddSingleton<SendSlots>().AddSingleton<DeliveryMetrics>();
        builder.Services.AddSingleton<Mailboxes>().AddSingleton<Channels>().AddSingleton<Receipts>().AddSingleton<Volte>().AddSingleton<Ott>();
        builder.Services.AddHostedService<DueSweep>().AddHostedService<HistoryKeeping>();
        return builder;
    }
}
