/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "cli/peer/wherry-paste-sdp.h"
#include "fuzz/fuzz.h"

static void
check_candidate (WherryIceCandidate *candidate, gboolean is_used, gpointer data)
{
  g_autofree char *text = wherry_paste_sdp_describe (candidate);

  g_assert_true (!is_used || wherry_ice_candidate_is_parsed (candidate));
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c++)
    g_assert_true ((guint8) *c >= 0x20 && *c != 0x7f);
}

/* Whatever is pasted: what is left has no candidate that is not used, and filtering it again
 * changes nothing. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *sdp = g_strndup ((const char *) data, size);
  WherryIceCandidateTypes types = (WherryIceCandidateTypes) (size & WHERRY_ICE_CANDIDATE_TYPES_ALL);
  g_autofree char *once = wherry_paste_sdp_filter (sdp, types, check_candidate, NULL);
  g_autofree char *twice = wherry_paste_sdp_filter (once, types, check_candidate, NULL);

  g_assert_cmpstr (once, ==, twice);
  return 0;
}
