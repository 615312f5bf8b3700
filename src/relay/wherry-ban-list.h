/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may not come back for a while: by who it is (a token's subject), by where it comes from
 * (base/wherry-address-key.h), in one room or in all. On loopback, where everybody has the same
 * address, by the name that it goes by. A bounded list in memory: it does not outlive the process.
 * Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryBanList WherryBanList;

/* To ban or lift: each that is given is one ban by itself. To look up: what is known of somebody;
 * a name counts only without an address or with one of loopback. */
typedef struct
{
  const char *subject; /* (nullable) */
  const char *address; /* (nullable) */
  const char *name;    /* (nullable) */
  const char *room;    /* (nullable): all of them */
} WherryBanned;

WherryBanList *wherry_ban_list_new (void);
void wherry_ban_list_free (WherryBanList *self);

/* Until until_us; what was said of the same one and room before is replaced. Fails with
 * WHERRY_ERROR_LIMIT when WHERRY_BANS_MAX are in force, WHERRY_ERROR_INVALID_ARGUMENT for nobody
 * and for what is no address. */
gboolean wherry_ban_list_add (WherryBanList *self, const WherryBanned *who, gint64 now_us,
                              gint64 until_us, GError **error);
/* FALSE: there was no such ban. What was banned in all rooms is lifted in all rooms. */
gboolean wherry_ban_list_lift (WherryBanList *self, const WherryBanned *who);
gboolean wherry_ban_list_covers (WherryBanList *self, const WherryBanned *who, gint64 now_us);
guint wherry_ban_list_get_n (WherryBanList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryBanList, wherry_ban_list_free)

G_END_DECLS
