/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-policy.h"

static const char *const names[WHERRY_N_POLICIES] = {
  [WHERRY_POLICY_BLOCK] = "block",
  [WHERRY_POLICY_DROP_OLDEST] = "drop-oldest",
  [WHERRY_POLICY_DROP_NEWEST] = "drop-newest",
  [WHERRY_POLICY_LATEST] = "latest",
  [WHERRY_POLICY_DISCONNECT] = "disconnect",
};

const char *
wherry_policy_to_string (WherryPolicy policy)
{
  g_assert (policy < WHERRY_N_POLICIES);
  return names[policy];
}

gboolean
wherry_policy_from_string (const char *text, WherryPolicy *out)
{
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    if (g_str_equal (text, names[i]))
      {
        *out = (WherryPolicy) i;
        return TRUE;
      }
  return FALSE;
}
