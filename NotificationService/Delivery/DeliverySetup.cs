namespace NotificationService.Delivery;

internal static class DeliverySetup
{
    /// <summary>Adds the dispatcher and the way to the mail server.</summary>
    public static WebApplicationBuilder AddDelivery(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<DeliveryOptions>(DeliveryOptions.Section)
            .Validate(
                options => options.Lease > options.Timeout + DeliveryOptions.LeaseMargin,
                "Delivery:Lease: it must be longer than Delivery:Timeout by 10 s, or a mail that is still being sent would be sent again. Set Delivery__Lease.");
        builder.Services.AddValidatedOptions<MailOptions>(MailOptions.Section)
            .Validate(MailOptions.HasUsableSender, "Mail:From: it is not a mail address. Set Mail__From.")
            .Validate(
                options => options.UserName is null == options.Password is null,
                "Mail:UserName and Mail:Password: set both or none, with Mail__UserName and Mail__Password.")
            .Validate(
                options => options.UserName is null || options.StartTls,
                "Mail:StartTls: credentials are not sent over a connection that anybody can read. Set Mail__StartTls to true.");
        builder.Services.AddOptions<MailServer>()
            .Configure(server => server.ConnectionString = builder.Configuration.GetConnectionString("mail"))
            .Validate(
                server => server.Endpoint is not null,
                "ConnectionStrings:mail: it is missing or not of the form Endpoint=smtp://host:port. Set ConnectionStrings__mail.")
            .ValidateOnStart();
        builder.Services.AddSingleton<NotificationMetrics>();
        builder.Services.AddSingleton<MailSender>();
        builder.Services.AddSingleton<Courier>();
        builder.Services.AddHostedService<Dispatcher>();
        return builder;
    }
}
