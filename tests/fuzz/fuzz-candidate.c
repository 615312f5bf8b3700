/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-candidate.h"

/* What was accepted is in range, and is the same when written and read again. */
static void
check_accepted (const WherryCandidate *candidate)
{
  g_autofree char *once = wherry_candidate_to_string (candidate);
  g_autofree char *twice = NULL;
  g_autoptr (WherryCandidate) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (candidate->component, ==, 1);
  g_assert_cmpuint (candidate->priority, >, 0);
  g_assert_cmpuint (candidate->priority, <=, G_MAXINT32);
  g_assert_null (strpbrk (once, "\r\n"));
  /* "candidate:" may have been missing, so that it grew over the limit */
  if (strlen (once) > WHERRY_CANDIDATE_LINE_MAX)
    return;
  again = wherry_candidate_parse (once, strlen (once), &error);
  g_assert_no_error (error);
  twice = wherry_candidate_to_string (again);
  g_assert_cmpstr (once, ==, twice);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryCandidate) candidate
      = wherry_candidate_parse ((const char *) data, size, &error);

  g_assert_true ((candidate == NULL) == (error != NULL));
  if (candidate != NULL)
    check_accepted (candidate);
  else
    g_assert_true (error->domain == WHERRY_ERROR);
  return 0;
}
