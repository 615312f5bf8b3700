/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-mutate.h"
#include "signal-fixture.h"

WherrySignal *
signal_parse (const char *text)
{
  gsize length = strlen (text);
  g_autofree guint8 *copy = wherry_exact_copy (text, length);
  g_auto (WherrySignalProblem) problem = { 0 };
  WherrySignal *signal = wherry_signal_parse_client ((const char *) copy, length, &problem);

  if (signal == NULL)
    g_error ("refused: %s: %s", text, problem.message);
  g_assert_null (problem.message);
  g_assert_cmpint (problem.code, ==, WHERRY_SIGNAL_ERROR_NONE);
  return signal;
}

void
signal_assert_refused (const char *text, WherrySignalError code)
{
  gsize length = strlen (text);
  g_autofree guint8 *copy = wherry_exact_copy (text, length);
  g_auto (WherrySignalProblem) problem = { 0 };
  g_autoptr (WherrySignal) signal
      = wherry_signal_parse_client ((const char *) copy, length, &problem);

  if (signal != NULL)
    g_error ("taken: %s", text);
  if (problem.code != code)
    g_error ("%s: %s", text, problem.message);
  g_assert_nonnull (problem.message);
  g_assert_null (strstr (problem.message, "s3cret"));
}
