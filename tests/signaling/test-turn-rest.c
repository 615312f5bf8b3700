/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "signaling/wherry-turn-rest.h"

static const WherryTurnRest rest = { .secret = "north", .lifetime_us = 600 * G_USEC_PER_SEC };

static void
check (const char *who, gint64 until_us, const char *expected, const char *code)
{
  g_autofree char *username = NULL;
  g_autofree char *credential = NULL;

  wherry_turn_rest_make (&rest, who, 1000 * G_USEC_PER_SEC, until_us, &username, &credential);
  g_assert_cmpstr (username, ==, expected);
  if (code != NULL)
    g_assert_cmpstr (credential, ==, code);
}

static void
test_make (void)
{
  /* printf '1600:ann' | openssl dgst -sha1 -hmac north -binary | base64 */
  check ("ann", -1, "1600:ann", "MfVgnMQbUrd5YsvtMAlKwBwDrm8=");
  check ("ann", 1300 * G_USEC_PER_SEC, "1300:ann", NULL);
  check ("ann", 2000 * G_USEC_PER_SEC, "1600:ann", NULL);
  check ("an:n \n\xc3\xa4", -1, "1600:an_n____", NULL);
  check ("https://x", -1, "1600:https___x", NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turn-rest/make", test_make);
  return g_test_run ();
}
