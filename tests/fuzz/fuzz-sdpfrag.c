/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-sdpfrag.h"

/* What was accepted is within its limits. */
static void
check_accepted (const WherrySdpFrag *fragment)
{
  guint candidates = 0;

  g_assert_cmpuint (fragment->sections->len, >, 0);
  g_assert_cmpuint (fragment->sections->len, <=, WHERRY_SDP_MEDIA_MAX);
  for (guint i = 0; i < fragment->sections->len; i++)
    {
      const WherrySdpFragSection *section = g_ptr_array_index (fragment->sections, i);

      g_assert_true ((section->ice_ufrag == NULL) == (section->ice_pwd == NULL));
      if (section->ice_ufrag != NULL)
        {
          g_assert_cmpuint (strlen (section->ice_ufrag), >=, 4);
          g_assert_cmpuint (strlen (section->ice_pwd), >=, 22);
          g_assert_null (strpbrk (section->ice_ufrag, "\r\n "));
        }
      candidates += section->candidates->len + section->bad_candidates;
    }
  g_assert_cmpuint (candidates, <=, WHERRY_CANDIDATES_MAX);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdpFrag) fragment = wherry_sdpfrag_parse ((const char *) data, size, &error);

  g_assert_true ((fragment == NULL) == (error != NULL));
  if (fragment != NULL)
    check_accepted (fragment);
  else
    g_assert_true (error->domain == WHERRY_ERROR);
  return 0;
}
