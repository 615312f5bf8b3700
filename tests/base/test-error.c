/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"

static void
test_one_domain (void)
{
  g_autoptr (GError) error = g_error_new (WHERRY_ERROR, WHERRY_ERROR_LIMIT, "Joining: full");

  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  g_assert_cmpstr (g_quark_to_string (WHERRY_ERROR), ==, "wherry-error-quark");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/one-domain", test_one_domain);
  return g_test_run ();
}
