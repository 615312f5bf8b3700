/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-sdp.h"

static WherrySdp *
parse_again (WherrySdpType type, const char *text)
{
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp = wherry_sdp_parse (type, text, strlen (text), &error);

  g_assert_no_error (error);
  return sdp;
}

static void
check_round_trip (const WherrySdp *sdp)
{
  g_autofree char *once = wherry_sdp_to_string (sdp);
  g_autofree char *twice = NULL;
  g_autoptr (WherrySdp) again = NULL;

  if (strlen (once) > WHERRY_SDP_MAX) /* every m-line grows by some lines */
    return;
  again = parse_again (sdp->type, once);
  twice = wherry_sdp_to_string (again);
  g_assert_cmpstr (once, ==, twice);
  g_assert_cmpuint (again->bad_candidates, ==, 0);
}

static void
check_answer (const WherrySdp *offer)
{
  WherryFingerprint fingerprint = { .hash = WHERRY_HASH_SHA_256, .length = 32 };
  const WherrySdpLocal local = {
    .session_id = 1,
    .ice_ufrag = "ufrag",
    .ice_pwd = "0123456789012345678901",
    .fingerprint = &fingerprint,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) answer = wherry_sdp_new_answer (offer, &local, &error);
  g_autoptr (WherrySdp) again = NULL;
  g_autofree char *text = NULL;

  if (answer == NULL)
    {
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED);
      return;
    }
  text = wherry_sdp_to_string (answer);
  if (strlen (text) > WHERRY_SDP_MAX)
    return;
  again = parse_again (WHERRY_SDP_ANSWER, text);
  wherry_sdp_check_answer (offer, again, &error);
  g_assert_no_error (error);
}

static void
run (WherrySdpType type, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) sdp = wherry_sdp_parse (type, data, length, &error);

  g_assert_true ((sdp == NULL) == (error != NULL));
  if (sdp == NULL)
    {
      g_assert_true (error->domain == WHERRY_ERROR);
      return;
    }
  g_assert_true (sdp->rejected || sdp->fingerprints->len > 0);
  g_assert_cmpuint (sdp->candidates->len + sdp->bad_candidates, <=, WHERRY_CANDIDATES_MAX);
  check_round_trip (sdp);
  if (type == WHERRY_SDP_OFFER)
    check_answer (sdp);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  run (WHERRY_SDP_OFFER, (const char *) data, size);
  run (WHERRY_SDP_ANSWER, (const char *) data, size);
  return 0;
}
