#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wording_secret.h"

static void finds_keys_and_passwords(void **state)
{
    static const struct {
        const char *text;
        const char *found; /* what of it */
    } rows[] = {
        /* known by how they begin or what they look like */
        {"Key AKIAIOSFODNN7EXAMPLE works", "AKIAIOSFODNN7EXAMPLE"},
        {"-----BEGIN PRIVATE KEY-----", "-----BEGIN"},
        {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJhbGciOiJIUzI1NiJ9"},
        {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"},
        {"(glpat-x1y2z3a4b5c6d7e8f9g0)", "glpat-x1y2z3a4b5c6d7e8f9g0"},
        {"89a229ce-1a8b-4d8c-9e5a-0d9f6b7c8a21 is it", "89a229ce-1a8b-4d8c-9e5a-0d9f6b7c8a21"},
        {"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"},
        /* with a label */
        {"password: x1y2", "x1y2"},
        {"the password=hunter", "hunter"},
        {"Password:swordfish", "swordfish"},
        {"the password is: no, password: swordfish", "swordfish"},
        {"log in with pwd=a", "a"},
        {"token=abc", "abc"},
        {"?token=abc&x=1", "?token=abc&x=1"},
        {"\"api_key\": \"k3y5\"", "k3y5"},
        {"API key: q1w2", "q1w2"},
        {"secret: \"Tr0ub\".", "Tr0ub"},
        {"Authorization: Bearer abcdefgh1", "abcdefgh1"},
        {"OAuth 12345678-abcd", "12345678-abcd"},
        /* what chance has made */
        {"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"},
        {"reverted 8f3e2a1b9c0d8f3e2a1b9c0d8f3e2a1b9c0d1234",
         "8f3e2a1b9c0d8f3e2a1b9c0d8f3e2a1b9c0d1234"},
        {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
        {"dGhpcyBpcyBhIHNlY3JldCBrZXk0Mg==", "dGhpcyBpcyBhIHNlY3JldCBrZXk0Mg"},
        {"KjhGfdSaQwErTyUiOpLmNb", "KjhGfdSaQwErTyUiOpLmNb"},
        {"use Tr0ub4dor&3, please", "Tr0ub4dor"},
        {"xK9mP2vL.", "xK9mP2vL"},
        {"it is P@ssw0rd!now", "P@ssw0rd!now"},
        {"q7x2m9k4t8w1 is it", "q7x2m9k4t8w1"},
        {"https://example.org/?key=AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"},
        {"123456789012345678901234", "123456789012345678901234"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = "";
        size_t n = wording_secret(rows[i].text, &at);

        if (n != strlen(rows[i].found) || strncmp(at, rows[i].found, n) != 0)
            fail_msg("\"%s\": \"%.*s\"", rows[i].text, (int)n, at);
        assert_true(wording_has_secret(rows[i].text));
    }
}

static void pass(const char *text)
{
    const char *at;
    size_t n = wording_secret(text, &at);

    if (n)
        fail_msg("\"%s\": \"%.*s\"", text, (int)n, at);
}

static void lets_ordinary_sentences_pass(void **state)
{
    static const char *const rows[] = {
        "People who are logged in may see an error instead of pages; we are investigating.",
        "Some readers in Europe could not load images between 10:05 and 10:31 UTC.",
        "You may be asked for your password: we are sorry for that, nothing is lost.",
        "Change your password: it is safer.",
        "If you forgot your password, please wait until password resets work again.",
        "Passwords are safe. Password resets are delayed.",
        "The two-factor token is refused at login; the token is not lost.",
        "A secret ballot is not affected: everything is counted.",
        "Tokens: some users are logged out when their token expires.",
        "Access keys on the keyboard do not work in the editor.",
        "OAuth applications cannot log in. OAuth authorizations are delayed.",
        "Basic editing works, and basic search does too.",
        "Bearer of bad news: pages are slow.",
        "Login with OAuth fails on mobile/desktop (iOS17, Android14).",
        "Errors 502/503/504 since 18:33UTC for about 1000000 people",
        "2023-01-17T18:33:00Z to 2023-01-17T18:48:02Z, that is 15min02s.",
        "From 20230117T183300Z until 20230117T184802Z all edits failed.",
        "It took 1h30m20s500ms; later 2h15m10s.",
        "HTTP/2, HTTP/3, TLS1.3, IPv4, IPv6, UTF-8, H264, MP3, WebP, p95 and p99.",
        "COVID-19 pages are fine; so is Covid19Vaccine2021.",
        "MediaWiki 1.40.0-wmf.18 was rolled back on all wikis.",
        "The MediaWiki2023 release is not affected.",
        "end-to-end state-of-the-art mother-in-law well-thought-out-and-tested-procedures",
        "read-only/maintenance/degraded/operational/investigating",
        "Thumbnails/Images/Video/Audio/Maps/Graphs/Scores may not load",
        "VisualEditor, CentralAuth, GlobalUserPage, TemplateStyles and ContentTranslation fail.",
        "InternationalizationAndLocalizationOfEverything is one word too many.",
        "Donaudampfschifffahrtsgesellschaftskapitaen is a long word.",
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch",
        "pneumonoultramicroscopicsilicovolcanoconiosis",
        "Rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz",
        "50% of edits fail, then 25%, 10%, and 5% (of 1,234,567).",
        "Around $5 or 5 EUR of donations; 3.5M requests/s; 12GB/s; 100k edits",
        "WHAT IS HAPPENING? WE DO NOT KNOW YET!!! Sorry...",
        "+1-555-0100-1234 is a telephone number",
        "ISBN 978-3-16-148410-0 pages do not load",
        "No. 5, 3.14, 1,000, 17/01/2023, Q4/2023, 24/7, A4, B52, R2D2",
        "C++, C#, .NET, Node.js and jQuery3.6 gadgets",
        "user:Example and talk:Example, {{tl}}, Special:RecentChanges and Wikipedia:Village_pump",
        "a=b means that a equals b; 2+2=4; x=1",
        "Compass: the pass over the mountains is open. Bypass: none.",
        "Keep your credentials: they still work fine.",
        "Wi-Fi6E/5G/LTE users, and 4K or 8K video",
        "Hier k\xc3\xb6nnen angemeldete Leser Fehler sehen; wir suchen nach der Ursache.",
        "Passwort: bitte warten, bis das Zur\xc3\xbc"
        "cksetzen wieder geht.",
        "Certaines pages peuvent \xc3\xaatre lentes; nous enqu\xc3\xaatons depuis 18h33.",
        "Algunas p\xc3\xa1ginas pueden tardar m\xc3\xa1s de 10 segundos; estamos investigando.",
        "Alcune pagine potrebbero non caricarsi; stiamo indagando sull'accaduto.",
        "Sommige pagina's laden langzaam; we onderzoeken de zaak.",
        "Niekt\xc3\xb3re strony mog\xc4\x85 si\xc4\x99 nie \xc5\x82"
        "adowa\xc4\x87.",
        "Bazi sayfalar yavas yuklenebilir; arastiriyoruz.",
        "Nekotoryye stranitsy mogut ne zagruzhat'sya.",
        "\xd0\x9d\xd0\xb5\xd0\xba\xd0\xbe\xd1\x82\xd0\xbe\xd1\x80\xd1\x8b\xd0\xb5 "
        "\xd1\x81\xd1\x82\xd1\x80\xd0\xb0\xd0\xbd\xd0\xb8\xd1\x86\xd1\x8b",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe7\x89\x88\xe3\x81\xae\xe8\xa1\xa8"
        "\xe7\xa4\xba\xe3\x81\x8c\xe9\x81\x85\xe3\x81\x84",
        "M\xe1\xbb\x99t s\xe1\xbb\x91 trang c\xc3\xb3 th\xe1\xbb\x83 t\xe1\xba\xa3i "
        "ch\xe1\xba\xadm",
        "Epäjärjestelmällisyydellänsäkään ei ole merkitystä.",
        "Some users see \"504 Gateway Timeout\" or 'upstream request timeout'.",
        "mw1414 and db1123 and 10.64.0.1 are internal, but no secret",
        "see T327196, I8f3e2a1b9c and 8f3e2a1b9c0d, or #12",
        "in /srv/mediawiki-staging/php-1.40.0-wmf.18/extensions/CentralAuth/includes/User.php",
        "extensions/CentralAuth/includes/User.php and resources/src/mediawiki.util/util.js",
        "https://www.wikimediastatus.net/incidents/kctbh9vrtdwd has more",
        "I0123456789abcdef0123456789abcdef01234567 is a change",
        "2620:0:861:1::1 and 00:11:22:33:44:55 are addresses",
        "eqiad-codfw-2023-01-17-switchover-of-everything",
        "00000000000000000000000000 and xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "--------------------------------- ===================== ++++",
    };
    /* each with each: some hundreds more, of the sort that is typed most */
    static const char *const who[] = {"Some readers",
                                      "People who are logged in",
                                      "Editors on mobile (iOS17/Android14)",
                                      "About 5% of users in Asia",
                                      "Bots, gadgets and API clients",
                                      "Visitors of the French and German wikis",
                                      "Everyone behind IPv6",
                                      "Users of the VisualEditor"};
    static const char *const what[] = {"may see error 503 instead of pages",
                                       "cannot save edits",
                                       "may have to log in again and enter the password",
                                       "see pages of 2h30m ago",
                                       "cannot upload files larger than 100MB",
                                       "wait 10-20 seconds for search results",
                                       "get a \"Session hijacking\" message: saving twice helps",
                                       "may not receive e-mail (password resets, notifications)"};
    static const char *const when[] = {"since about 18:33 UTC.", "; we are investigating.",
                                       "from 2023-01-17 18:33:10 to 18:48:02.",
                                       "(Q1/2023), and we know the cause.", "- sorry!"};
    size_t i, j, k;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        pass(rows[i]);
    for (i = 0; i < sizeof who / sizeof who[0]; i++)
        for (j = 0; j < sizeof what / sizeof what[0]; j++)
            for (k = 0; k < sizeof when / sizeof when[0]; k++) {
                char text[400];

                (void)snprintf(text, sizeof text, "%s %s %s", who[i], what[j], when[k]);
                pass(text);
            }
}

/* Random keys of the usual alphabets are nearly all found, wherever they stand. */
static void finds_nearly_every_random_key(void **state)
{
    static const struct {
        const char *alphabet;
        size_t n;
        int most_missed; /* of 1000 */
    } rows[] = {
        {"0123456789abcdef", 32, 0},
        {"0123456789abcdef", 20, 5},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40, 0},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 20, 60},
        {"abcdefghijklmnopqrstuvwxyz0123456789", 36, 5},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, 150},
    };
    uint32_t seed = 20230117;
    size_t i, k;
    int round;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int missed = 0;

        for (round = 0; round < 1000; round++) {
            char text[80] = "It is ";
            size_t at = strlen(text);

            for (k = 0; k < rows[i].n; k++) {
                seed = seed * 1664525 + 1013904223;
                text[at++] = rows[i].alphabet[(seed >> 8) % strlen(rows[i].alphabet)];
            }
            memcpy(text + at, round % 2 ? ", sorry" : ".", round % 2 ? 8 : 2);
            missed += !wording_has_secret(text);
        }
        if (missed > rows[i].most_missed)
            fail_msg("row %zu: %d of 1000 not found", i, missed);
    }
}

static void bears_noise(void **state)
{
    static const char alphabet[] = "aB1:= /-\"'.eyJpassword=tokn\xc3\xa9\xff@&";
    uint32_t seed = 1;
    int round;

    (void)state;
    for (round = 0; round < 50000; round++) {
        size_t n = (size_t)round % 48, i;
        char *text = malloc(n + 1);
        const char *at = NULL;

        assert_non_null(text);
        for (i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        i = wording_secret(text, &at);
        assert_true(!i || (at >= text && at + i <= text + n));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_keys_and_passwords),
        cmocka_unit_test(lets_ordinary_sentences_pass),
        cmocka_unit_test(finds_nearly_every_random_key),
        cmocka_unit_test(bears_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
