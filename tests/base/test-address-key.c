/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-address-key.h"

static gboolean
is_same (const char *a, const char *b)
{
  WherryAddressKey first, second;

  g_assert_true (wherry_address_key_parse (a, &first));
  g_assert_true (wherry_address_key_parse (b, &second));
  if (!wherry_address_key_equal (&first, &second))
    return FALSE;
  g_assert_cmpuint (wherry_address_key_hash (&first), ==, wherry_address_key_hash (&second));
  return TRUE;
}

static void
test_same (void)
{
  g_assert_true (is_same ("192.0.2.1", "192.0.2.1"));
  g_assert_false (is_same ("192.0.2.1", "192.0.2.2"));
  g_assert_true (is_same ("192.0.2.1", "::ffff:192.0.2.1"));
  g_assert_true (is_same ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6"));
  g_assert_false (is_same ("2001:db8:1:2::1", "2001:db8:1:3::1"));
  g_assert_false (is_same ("::1", "::2"));
  g_assert_true (is_same ("::2", "::3"));
}

static void
test_loopback (void)
{
  static const struct
  {
    const char *text;
    gboolean loopback;
  } cases[] = {
    { "127.0.0.1", TRUE },  { "127.9.9.9", TRUE },        { "::1", TRUE }, { "::2", FALSE },
    { "192.0.2.1", FALSE }, { "::ffff:127.0.0.1", TRUE }, { "::", FALSE }, { "2001:db8::1", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      WherryAddressKey key;

      g_assert_true (wherry_address_key_parse (cases[i].text, &key));
      g_assert_cmpint (wherry_address_key_is_loopback (&key), ==, cases[i].loopback);
    }
}

static void
test_refused (void)
{
  WherryAddressKey key;

  g_assert_false (wherry_address_key_parse (NULL, &key));
  g_assert_false (wherry_address_key_parse ("", &key));
  g_assert_false (wherry_address_key_parse ("example.org", &key));
  g_assert_false (wherry_address_key_parse ("192.0.2.1:80", &key));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address-key/same", test_same);
  g_test_add_func ("/address-key/loopback", test_loopback);
  g_test_add_func ("/address-key/refused", test_refused);
  return g_test_run ();
}
