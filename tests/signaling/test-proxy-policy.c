/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "signaling/wherry-proxy-policy.h"

static void
check (const WherryProxyPolicy *policy, const char *peer, const char *forwarded_for,
       const char *forwarded, const char *expected)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (peer);
  g_autofree char *found
      = wherry_proxy_policy_find_client (policy, address, forwarded_for, forwarded);

  g_test_message ("%s, %s, %s", peer, forwarded_for, forwarded);
  g_assert_cmpstr (found, ==, expected);
}

static WherryProxyPolicy *
trust_two (void)
{
  WherryProxyPolicy *policy = wherry_proxy_policy_new ();

  g_assert_true (wherry_proxy_policy_trust (policy, "127.0.0.1", NULL));
  g_assert_true (wherry_proxy_policy_trust (policy, "10.0.0.0/8", NULL));
  return policy;
}

static void
test_untrusted (void)
{
  g_autoptr (WherryProxyPolicy) policy = trust_two ();

  check (NULL, "127.0.0.1", "192.0.2.1", NULL, "127.0.0.1");
  check (policy, "198.51.100.1", "192.0.2.1", "for=192.0.2.1", "198.51.100.1");
  check (policy, "127.0.0.1", NULL, NULL, "127.0.0.1");
}

static void
test_forwarded_for (void)
{
  g_autoptr (WherryProxyPolicy) policy = trust_two ();

  check (policy, "127.0.0.1", "192.0.2.1", NULL, "192.0.2.1");
  check (policy, "::ffff:127.0.0.1", "192.0.2.1", NULL, "192.0.2.1");
  check (policy, "127.0.0.1", "192.0.2.1:1234", NULL, "192.0.2.1");
  check (policy, "127.0.0.1", "[2001:db8::1]:1234", NULL, "2001:db8::1");
  check (policy, "127.0.0.1", "2001:db8::1", NULL, "2001:db8::1");
  /* what the client wrote stands on the left */
  check (policy, "127.0.0.1", "203.0.113.9, 192.0.2.1", NULL, "192.0.2.1");
  check (policy, "127.0.0.1", "127.0.0.1,192.0.2.1,  10.1.2.3", NULL, "192.0.2.1");
  /* all of it is ours */
  check (policy, "127.0.0.1", "10.0.0.2,10.0.0.1", NULL, "10.0.0.2");
  /* no address: whoever wrote it is the last that we know */
  check (policy, "127.0.0.1", "192.0.2.1, unknown, 10.0.0.1", NULL, "10.0.0.1");
  check (policy, "127.0.0.1", "", NULL, "127.0.0.1");
  check (policy, "127.0.0.1", ",", NULL, "127.0.0.1");
}

static void
test_forwarded (void)
{
  g_autoptr (WherryProxyPolicy) policy = trust_two ();

  check (policy, "127.0.0.1", NULL, "for=192.0.2.1", "192.0.2.1");
  check (policy, "127.0.0.1", NULL, "proto=https; For=\"[2001:db8::1]:80\";by=x", "2001:db8::1");
  check (policy, "127.0.0.1", NULL, "for=203.0.113.9, for=192.0.2.1;proto=http", "192.0.2.1");
  check (policy, "127.0.0.1", NULL, "for=192.0.2.1, for=10.0.0.1", "192.0.2.1");
  check (policy, "127.0.0.1", NULL, "for=_hidden", "127.0.0.1");
  check (policy, "127.0.0.1", NULL, "proto=https", "127.0.0.1");
}

/* A proxy writes one of them and passes on the other as it came. */
static void
test_both (void)
{
  g_autoptr (WherryProxyPolicy) policy = trust_two ();

  check (policy, "127.0.0.1", "192.0.2.1", "for=192.0.2.1", "192.0.2.1");
  check (policy, "127.0.0.1", "192.0.2.1", "for=203.0.113.9", "127.0.0.1");
}

static void
test_bad_range (void)
{
  static const char *const ranges[] = { "", "example.org", "10.0.0.0/33", "10.0.0.1/8", "10/8" };
  g_autoptr (WherryProxyPolicy) policy = wherry_proxy_policy_new ();

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", ranges[i]);
      g_assert_false (wherry_proxy_policy_trust (policy, ranges[i], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proxy-policy/untrusted", test_untrusted);
  g_test_add_func ("/proxy-policy/x-forwarded-for", test_forwarded_for);
  g_test_add_func ("/proxy-policy/forwarded", test_forwarded);
  g_test_add_func ("/proxy-policy/both", test_both);
  g_test_add_func ("/proxy-policy/bad-range", test_bad_range);
  return g_test_run ();
}
