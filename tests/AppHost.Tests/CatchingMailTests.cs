using AppHost.Tests.Support;

namespace AppHost.Tests;

public sealed class CatchingMailTests
{
    [Fact]
    public async Task Mail_WithAlternatives_ShowsSubjectTextAndHtmlDecoded()
    {
        using var client = await SmtpClientByHand.ConnectAsync();

        Assert.StartsWith("250", await client.SendMailAsync(string.Join("\r\n", [
            "Subject: =?utf-8?B?R3LDvMOfZQ==?=",
            " =?utf-8?Q?_an_alle?=",
            "Content-Type: multipart/alternative; boundary=\"b\"",
            "",
            "--b",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "Sch=C3=B6n=",
            "e Zeile",
            "--b",
            "Content-Type: text/html; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            Convert.ToBase64String("<b>schön</b>"u8),
            "--b--",
        ])), StringComparison.Ordinal);

        var mail = Assert.Single(client.Mailbox.Mails);
        Assert.Equal("Grüße an alle", mail.Subject);
        Assert.Equal("Schöne Zeile", mail.Text);
        Assert.Equal("<b>schön</b>", mail.Html);
        Assert.Equal(("from@example.com", "to@example.com"), (mail.From, Assert.Single(mail.To)));
        Assert.Contains("=?utf-8?B?", mail.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_WithDots_IsUnstuffed()
    {
        using var client = await SmtpClientByHand.ConnectAsync();

        await client.SendMailAsync("\r\n..\r\n..two\r\nmid.dle");

        Assert.Equal(".\r\n.two\r\nmid.dle\r\n", Assert.Single(client.Mailbox.Mails).Text);
    }

    // CVE-2023-51764 and its kin: who ends a mail at a bare LF lets its author write the next envelope.
    [Theory]
    [InlineData("\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\r\n.\n")]
    public async Task Data_EndedByABareLineFeed_DoesNotSmuggleASecondMail(string falseEnd)
    {
        using var client = await SmtpClientByHand.ConnectAsync();

        await client.SendMailAsync($"Subject: one\r\n\r\nbody{falseEnd}MAIL FROM:<forged@example.com>\r\nRCPT TO:<x@example.com>\r\nDATA\r\nforged");

        Assert.Equal("from@example.com", Assert.Single(client.Mailbox.Mails).From);
    }

    [Fact]
    public async Task Commands_OutOfOrderOrMalformed_AreRefusedAndTheSessionGoesOn()
    {
        using var client = await SmtpClientByHand.ConnectAsync();

        Assert.StartsWith("503", await client.SayAsync("MAIL FROM:<a@example.com>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("HELO test"), StringComparison.Ordinal);
        Assert.StartsWith("503", await client.SayAsync("RCPT TO:<a@example.com>"), StringComparison.Ordinal);
        Assert.StartsWith("503", await client.SayAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("501", await client.SayAsync("MAIL FROM:no-brackets"), StringComparison.Ordinal);
        Assert.StartsWith("501", await client.SayAsync("MAIL FROM:<a b@example.com>"), StringComparison.Ordinal);
        Assert.StartsWith("502", await client.SayAsync("STARTTLS"), StringComparison.Ordinal);
        Assert.StartsWith("500", await client.SayAsync(new string('x', 5000)), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("MAIL FROM:<> BODY=8BITMIME"), StringComparison.Ordinal);
        Assert.StartsWith("503", await client.SayAsync("MAIL FROM:<b@example.com>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("RSET"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("221", await client.SayAsync("QUIT"), StringComparison.Ordinal);
        Assert.Equal("", await client.ReadAsync());
    }

    [Fact]
    public async Task Mail_TooLarge_IsRefusedByItsSizeAndByItsBytes()
    {
        using var client = await SmtpClientByHand.ConnectAsync();
        await client.SayAsync("EHLO test");
        Assert.StartsWith("552", await client.SayAsync("MAIL FROM:<a@example.com> SIZE=10485761"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("MAIL FROM:<a@example.com>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("RCPT TO:<b@example.com>"), StringComparison.Ordinal);
        await client.SayAsync("DATA");

        var line = new string('x', 1022) + "\r\n";
        for (var i = 0; i < 10 * 1024 + 1; i++)
        {
            await client.SendAsync(line);
        }

        Assert.StartsWith("552", await client.SayAsync("."), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal); // the rest was not taken for commands
        Assert.Empty(client.Mailbox.Mails);
    }

    [Fact]
    public async Task Client_ThatOnlyMakesErrors_IsSentAway()
    {
        using var client = await SmtpClientByHand.ConnectAsync();
        for (var i = 0; i < 19; i++)
        {
            Assert.StartsWith("502", await client.SayAsync("NONSENSE"), StringComparison.Ordinal);
        }

        await client.SayAsync("NONSENSE");

        Assert.StartsWith("421", await client.ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recipients_MoreThanAHundred_AreRefused()
    {
        using var client = await SmtpClientByHand.ConnectAsync();
        await client.SayAsync("EHLO test");
        await client.SayAsync("MAIL FROM:<a@example.com>");
        for (var i = 0; i < 100; i++)
        {
            Assert.StartsWith("250", await client.SayAsync($"RCPT TO:<r{i}@example.com>"), StringComparison.Ordinal);
        }

        Assert.StartsWith("452", await client.SayAsync("RCPT TO:<one.more@example.com>"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no header end")]
    [InlineData("Content-Type: multipart/mixed; boundary=")]
    [InlineData("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x")]
    [InlineData("Subject: =?no-such-charset?B?!!!?=\r\nContent-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!")]
    [InlineData("Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=")]
    public async Task Mail_Malformed_IsKeptAsItCame(string content)
    {
        using var client = await SmtpClientByHand.ConnectAsync();

        Assert.StartsWith("250", await client.SendMailAsync(content), StringComparison.Ordinal);

        Assert.Equal(content + "\r\n", Assert.Single(client.Mailbox.Mails).Raw);
    }

    [Fact]
    public async Task Mailbox_Full_KeepsTheNewest()
    {
        using var client = await SmtpClientByHand.ConnectAsync();
        for (var i = 0; i < 510; i++)
        {
            await client.SendMailAsync($"Subject: {i}");
        }

        Assert.Equal(500, client.Mailbox.Mails.Count);
        Assert.Equal("509", client.Mailbox.Mails[0].Subject);
    }
}
