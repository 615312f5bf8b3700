/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

/*
 * Who is in a client's room, as a person would say it: while the client is away nobody comes or
 * goes, and who was there before and after has not left meanwhile. Main thread only.
 */
typedef struct _WherryRoster WherryRoster;

/* Any may be NULL. */
typedef struct
{
  void (*joined) (gpointer user_data, WherryMember *member);
  /* reason: "left", "failed", …; "" when it left while this client was away */
  void (*left) (gpointer user_data, WherryMember *member, const char *reason);
  void (*changed) (gpointer user_data, WherryMember *member);
} WherryRosterEvents;

/*
 * Tells of those who are there already too, once the client is connected: is_known(): they were
 * there before.
 */
WherryRoster *wherry_roster_new (WherryClient *client, const WherryRosterEvents *events,
                                 gpointer user_data);
void wherry_roster_free (WherryRoster *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRoster, wherry_roster_free)

/* Looks at once, in place of a little later. */
void wherry_roster_compare (WherryRoster *self);
/* Whether the members of the client's last connecting are told of already. */
gboolean wherry_roster_is_known (WherryRoster *self);
guint wherry_roster_get_size (WherryRoster *self);
/* (transfer container): of WherryMember, by name */
GPtrArray *wherry_roster_list (WherryRoster *self);
/* (transfer none) (nullable) */
WherryMember *wherry_roster_lookup (WherryRoster *self, const char *id);
/*
 * (transfer none) (nullable): the one with this id or name. NULL: sets @error: nobody, or more than
 * one.
 */
WherryMember *wherry_roster_find (WherryRoster *self, const char *who, GError **error);
/* (transfer full): a member's name, or the end of its id; of some who have left too; terminal-safe
 */
char *wherry_roster_name (WherryRoster *self, const char *id);
/* (transfer none) (nullable): the same, as it came; NULL: it has none */
const char *wherry_roster_peek_name (WherryRoster *self, const char *id);
