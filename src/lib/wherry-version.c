/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-version.h"

guint
wherry_get_major_version (void)
{
  return WHERRY_MAJOR_VERSION;
}

guint
wherry_get_minor_version (void)
{
  return WHERRY_MINOR_VERSION;
}

guint
wherry_get_micro_version (void)
{
  return WHERRY_MICRO_VERSION;
}

gboolean
wherry_check_version (guint major, guint minor, guint micro)
{
  const guint have[] = { WHERRY_MAJOR_VERSION, WHERRY_MINOR_VERSION, WHERRY_MICRO_VERSION };
  const guint want[] = { major, minor, micro };

  for (guint i = 0; i < G_N_ELEMENTS (have); i++)
    if (have[i] != want[i])
      return have[i] > want[i];
  return TRUE;
}
