/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "signaling/wherry-origin-policy.h"

static void
test_hosts (void)
{
  static const struct
  {
    const char *host;
    gboolean ours;
  } cases[] = {
    { "127.0.0.1:8888", TRUE },
    { "127.0.0.1", TRUE },
    { "127.8.9.10:1", TRUE },
    { "localhost:8888", TRUE },
    { "LOCALHOST", TRUE },
    { "wherry.localhost", TRUE },
    { "[::1]:8888", TRUE },
    { "[::1]", TRUE },
    { "192.168.7.7:8888", TRUE }, /* where it came in */
    { "chat.example.org", TRUE }, /* allowed */
    { "CHAT.example.org:443", TRUE },
    { "192.168.7.8", FALSE },
    { "evil.example", FALSE },
    { "127.0.0.1.evil.example", FALSE },
    { "localhost.evil.example", FALSE },
    { "evillocalhost", FALSE },
    { "127.0.0.1:8888, evil.example", FALSE },
    { "127.0.0.1:8888@evil.example", FALSE },
    { "127.0.0.1:99999", FALSE },
    { "127.0.0.1:", FALSE },
    { "[::1", FALSE },
    { "[::1]x", FALSE },
    { "", FALSE },
    { ":80", FALSE },
    { NULL, FALSE },
    { "local\xc3\xa9host", FALSE },
  };
  g_autoptr (WherryOriginPolicy) policy = wherry_origin_policy_new ();
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new_from_string ("192.168.7.7", 8888);

  g_assert_true (wherry_origin_policy_allow_host (policy, "Chat.Example.org", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].host != NULL ? cases[i].host : "(none)");
      g_assert_cmpint (wherry_origin_policy_check_host (policy, cases[i].host, local), ==,
                       cases[i].ours);
    }
}

static void
test_origins (void)
{
  static const struct
  {
    const char *origin;
    const char *host;
    gboolean good;
  } cases[] = {
    { NULL, "127.0.0.1:8888", TRUE },
    { "http://127.0.0.1:8888", "127.0.0.1:8888", TRUE },
    { "https://127.0.0.1:8888", "127.0.0.1:8888", TRUE },
    { "http://localhost", "localhost:80", TRUE },
    { "http://LocalHost:8888", "localhost:8888", TRUE },
    { "http://[::1]:8888", "[::1]:8888", TRUE },
    { "https://app.example", "127.0.0.1:8888", TRUE }, /* allowed */
    { "https://app.example:443", "127.0.0.1:8888", TRUE },
    { "https://app.example:444", "127.0.0.1:8888", FALSE },
    { "http://app.example", "127.0.0.1:8888", FALSE },
    { "http://127.0.0.1:9999", "127.0.0.1:8888", FALSE },
    { "http://localhost:8888", "127.0.0.1:8888", FALSE },
    { "https://evil.example", "127.0.0.1:8888", FALSE },
    { "null", "127.0.0.1:8888", FALSE },
    { "file://", "127.0.0.1:8888", FALSE },
    { "", "127.0.0.1:8888", FALSE },
    { "http://127.0.0.1:8888, https://evil.example", "127.0.0.1:8888", FALSE },
    { "http://127.0.0.1:8888/", "127.0.0.1:8888", FALSE },
    { "http://user@127.0.0.1:8888", "127.0.0.1:8888", FALSE },
  };
  g_autoptr (WherryOriginPolicy) policy = wherry_origin_policy_new ();

  g_assert_true (wherry_origin_policy_allow_origin (policy, "https://App.example", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].origin != NULL ? cases[i].origin : "(none)");
      g_assert_cmpint (wherry_origin_policy_check_origin (policy, cases[i].origin, cases[i].host),
                       ==, cases[i].good);
    }

  g_assert_true (wherry_origin_policy_allow_origin (policy, "null", NULL));
  g_assert_true (wherry_origin_policy_check_origin (policy, "null", "127.0.0.1"));
  g_assert_false (wherry_origin_policy_check_origin (policy, "https://evil.example", "127.0.0.1"));
  g_assert_true (wherry_origin_policy_allow_origin (policy, "*", NULL));
  g_assert_true (wherry_origin_policy_check_origin (policy, "https://evil.example", "127.0.0.1"));
}

static void
test_bad_configuration (void)
{
  static const char *const origins[]
      = { "example.org", "https://example.org/app", "://x", "http://" };
  static const char *const hosts[] = { "example.org:80", "http://example.org", "a b", "" };
  g_autoptr (WherryOriginPolicy) policy = wherry_origin_policy_new ();

  for (guint i = 0; i < G_N_ELEMENTS (origins); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (wherry_origin_policy_allow_origin (policy, origins[i], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
    }
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (wherry_origin_policy_allow_host (policy, hosts[i], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
    }
  g_assert_true (wherry_origin_policy_allow_host (policy, "::1", NULL));
  g_assert_true (wherry_origin_policy_allow_host (policy, "2001:DB8:0::7", NULL));
  g_assert_true (wherry_origin_policy_check_host (policy, "[2001:db8::7]:80", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/origin-policy/hosts", test_hosts);
  g_test_add_func ("/origin-policy/origins", test_origins);
  g_test_add_func ("/origin-policy/bad-configuration", test_bad_configuration);
  return g_test_run ();
}
