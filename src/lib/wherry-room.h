/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-member.h"
#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_ROOM (wherry_room_get_type ())
/**
 * WherryRoom:
 *
 * A room of a relay. It begins with its first member and ends with its last; a room of the same
 * name that begins later is another object.
 *
 * Its list changes on the main context of the relay's creator. All methods belong to that thread;
 * the last reference may be dropped anywhere.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryRoom, wherry_room, WHERRY, ROOM, GObject)

/**
 * wherry_room_get_name:
 * @self: a room
 *
 * Gets [property@Room:name].
 *
 * Returns: its name
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_room_get_name (WherryRoom *self);
/**
 * wherry_room_get_members:
 * @self: a room
 *
 * Gets [property@Room:members].
 *
 * Returns: (transfer none): a list of [class@Member] in the order of their joins
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_room_get_members (WherryRoom *self);
/**
 * wherry_room_lookup_member:
 * @self: a room
 * @id: a member's id
 *
 * Finds a member.
 *
 * Returns: (transfer none) (nullable): the member; %NULL when it is not there
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryMember *wherry_room_lookup_member (WherryRoom *self, const char *id);

G_END_DECLS
