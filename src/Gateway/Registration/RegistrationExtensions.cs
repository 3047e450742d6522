namespace Gateway.Registration;

public static class RegistrationExtensions
{
    public static WebApplicationBuilder AddRegistration(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Flows>().AddSingleton<Contacts>().AddSingleton<RegistrarUsers>().AddSingleton<Registrar>().AddSingleton<RegWatcher>().AddSingleton<KeepAlive>();
        return builder;
    }
}
