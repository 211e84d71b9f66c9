using System.Net;
using System.Net.Http.Json;
using IdentityService.Tests.Support;

namespace IdentityService.Tests;

public sealed class GuessingStrangersTests(OwnHost own) : IClassFixture<OwnHost>
{
    private const string Home = "198.51.100.7";
    private const string Stranger = "203.0.113.9";

    [Fact]
    public async Task SignIn_WhileAStrangerGuesses_OwnerGetsInFromWhereTheyHaveBeen()
    {
        var person = new Person(own.Http);
        await person.RegisterAsync();
        using var first = await FromAsync(Home, person, person.Password);
        await BlockAsync(person, Stranger);

        using var atHome = await FromAsync(Home, person, person.Password);
        using var elsewhere = await FromAsync("192.0.2.1", person, person.Password);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.OK, atHome.StatusCode);
        Assert.Equal("too_many_failures", await elsewhere.ProblemAsync(HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task SignIn_GuessesFromAKnownAddress_AreSlowedDownToo()
    {
        var person = new Person(own.Http);
        await person.RegisterAsync();
        using var first = await FromAsync(Home, person, person.Password);
        await BlockAsync(person, Home);

        using var answer = await FromAsync(Home, person, person.Password);

        Assert.Equal("too_many_failures", await answer.ProblemAsync(HttpStatusCode.TooManyRequests));
    }

    // More than the free ones; the last ones are refused unread.
    private async Task BlockAsync(Person person, string address)
    {
        for (var guess = 0; guess < 12; guess++)
        {
            using var wrong = await FromAsync(address, person, "not the password at all");
            Assert.NotEqual(HttpStatusCode.OK, wrong.StatusCode);
            own.Time.Advance(TimeSpan.FromSeconds(guess < 11 ? 200 : 0));
        }
    }

    private async Task<HttpResponseMessage> FromAsync(string address, Person person, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/login")
        {
            Content = JsonContent.Create(new { username = person.UserName, password }),
        };
        request.Headers.Add("X-Forwarded-For", address);
        return await own.Http.SendAsync(request);
    }
}
