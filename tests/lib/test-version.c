/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "lib/wherry.h"

static void
test_headers_and_library_agree (void)
{
  g_autofree char *version
      = g_strdup_printf ("%u.%u.%u", wherry_get_major_version (), wherry_get_minor_version (),
                         wherry_get_micro_version ());

  g_assert_cmpstr (version, ==, PACKAGE_VERSION);
  g_assert_cmpuint (wherry_get_major_version (), ==, WHERRY_MAJOR_VERSION);
  g_assert_cmpuint (wherry_get_minor_version (), ==, WHERRY_MINOR_VERSION);
  g_assert_cmpuint (wherry_get_micro_version (), ==, WHERRY_MICRO_VERSION);
}

static void
test_check (void)
{
  guint major = wherry_get_major_version ();
  guint minor = wherry_get_minor_version ();
  guint micro = wherry_get_micro_version ();

  g_assert_true (wherry_check_version (major, minor, micro));
  g_assert_false (wherry_check_version (major, minor, micro + 1));
  g_assert_false (wherry_check_version (major, minor + 1, 0));
  g_assert_false (wherry_check_version (major + 1, 0, 0));
  g_assert_true (minor == 0 || wherry_check_version (major, minor - 1, micro + 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/version/headers-and-library-agree", test_headers_and_library_agree);
  g_test_add_func ("/version/check", test_check);
  return g_test_run ();
}
