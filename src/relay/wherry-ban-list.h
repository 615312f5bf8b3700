/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who an administrator sent away from a room for a time. It is known again by its address (of IPv6
 * by the /64, which is what one network is given); on loopback, where everybody has the same
 * address, by its name. Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryBanList WherryBanList;

WherryBanList *wherry_ban_list_new (void);
void wherry_ban_list_free (WherryBanList *self);
/* address, name: (nullable). FALSE: nobody that would be known again, or there are WHERRY_BANS_MAX.
 */
gboolean wherry_ban_list_add (WherryBanList *self, const char *room, const char *address,
                              const char *name, gint64 now_us, gint64 until_us);
gboolean wherry_ban_list_has (WherryBanList *self, const char *room, const char *address,
                              const char *name, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryBanList, wherry_ban_list_free)

G_END_DECLS
