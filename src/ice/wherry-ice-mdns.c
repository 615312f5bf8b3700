/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <string.h>

#include "ice/wherry-ice-mdns.h"

#define NSSWITCH "/etc/nsswitch.conf"

gboolean
wherry_ice_mdns_is_in_nsswitch (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);
      const char *services = line + strlen ("hosts:");
      g_auto (GStrv) words = NULL;

      if (!g_str_has_prefix (line, "hosts:"))
        continue;
      words = g_strsplit_set (services, " \t", -1);
      /* mdns, mdns4, mdns4_minimal, …: all are libnss-mdns's */
      for (guint j = 0; words[j] != NULL && words[j][0] != '#'; j++)
        if (g_str_has_prefix (words[j], "mdns"))
          return TRUE;
    }
  return FALSE;
}

static gboolean
does_system (void)
{
  static gsize known;

  if (g_once_init_enter (&known))
    {
      g_autofree char *text = NULL;
      gboolean found = g_file_get_contents (NSSWITCH, &text, NULL, NULL)
                       && wherry_ice_mdns_is_in_nsswitch (text);

      g_once_init_leave (&known, found ? 2 : 1);
    }
  return known == 2;
}

gboolean
wherry_ice_mdns_is_enabled (const WherryIceConfig *config)
{
  switch (config->mdns)
    {
    case WHERRY_ICE_MDNS_ON:
      return TRUE;
    case WHERRY_ICE_MDNS_AUTO:
      return does_system ();
    case WHERRY_ICE_MDNS_OFF:
    default:
      return FALSE;
    }
}
