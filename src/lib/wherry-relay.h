/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-configuration.h"
#include "lib/wherry-member.h"
#include "lib/wherry-room.h"
#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_RELAY (wherry_relay_get_type ())
/**
 * WherryRelay:
 *
 * Rooms, topics and who is in them: the relay of the daemon inside a program. Browsers and programs
 * come to it through a [class@Server]; the program itself is in a room by [method@Relay.join], with
 * no network.
 *
 * Its properties are read when the first member joins or the first server starts; changing them
 * afterwards changes nothing.
 *
 * It belongs to the thread that made it: signals, list changes and completions arrive on the main
 * context that was that thread's default one, and only there. The last reference may be dropped
 * anywhere, which closes it from that context; who ends the context itself waits for
 * [method@Relay.close_async] before.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryRelay, wherry_relay, WHERRY, RELAY, GObject)

/**
 * wherry_relay_new:
 * @configuration: (nullable): servers, addresses, ports and the largest message; %NULL: the
 *   defaults
 *
 * Makes a relay.
 *
 * Returns: (transfer full): a relay without members
 *
 * Thread: any; from then on this one
 */
WHERRY_AVAILABLE_IN_0_1
WherryRelay *wherry_relay_new (WherryConfiguration *configuration);
/**
 * wherry_relay_set_rule:
 * @self: a relay
 * @group: `room PATTERN` or `topic PATTERN`, shell-style (`*`, `?`)
 * @key: `policy`, `policy-lossy` (`block`, `drop-oldest`, `drop-newest`, `latest`, `disconnect`),
 *   `outbox-bytes`, `outbox-low`, `outbox-messages`, `block-limit-ms`, `history-messages`,
 *   `history-bytes`, `history-ms`, `retain` (`yes`, `no`); of rooms also `members-per-room`,
 *   `topics-per-room`, `keep`; of topics also `mirror` (`no`, `reliable`, `lossy`)
 * @value: a string for words, else a whole number
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT for a group, key or value that is none
 *
 * Has rooms or topics be otherwise than the properties say. For each key the first group that was
 * made, matches and has it wins, those of topics before those of rooms; a group that is set again
 * keeps its place. It is read when the first member joins or the first server starts.
 *
 * Returns: %TRUE if it was set
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_relay_set_rule (WherryRelay *self, const char *group, const char *key,
                                GVariant *value, GError **error);
/**
 * wherry_relay_join:
 * @self: a relay
 * @room: 1 to 128 bytes of UTF-8 without control characters or `/`
 * @name: (nullable): at most 64 bytes of UTF-8
 * @flags: how
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT for a name that is none,
 *   %WHERRY_ERROR_LIMIT when the room or the relay is full or the member was too slow a moment ago,
 *   %WHERRY_ERROR_FORBIDDEN when it is banned, %WHERRY_ERROR_CLOSED; what the configuration has
 * wrong
 *
 * Joins a room with a member inside the process.
 *
 * Returns: (transfer full): the member; messages can be sent at once
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryMember *wherry_relay_join (WherryRelay *self, const char *room, const char *name,
                                 WherryJoinFlags flags, GError **error);
/**
 * wherry_relay_get_configuration:
 * @self: a relay
 *
 * Gets [property@Relay:configuration].
 *
 * Returns: (transfer none) (nullable): as it was given
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryConfiguration *wherry_relay_get_configuration (WherryRelay *self);
/**
 * wherry_relay_get_rooms:
 * @self: a relay
 *
 * Gets [property@Relay:rooms].
 *
 * Returns: (transfer none): the rooms that somebody is in, a list of [class@Room]
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_relay_get_rooms (WherryRelay *self);
/**
 * wherry_relay_lookup_room:
 * @self: a relay
 * @name: a room's name
 *
 * Finds a room.
 *
 * Returns: (transfer none) (nullable): the room; %NULL when nobody is in it
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryRoom *wherry_relay_lookup_room (WherryRelay *self, const char *name);
/**
 * wherry_relay_close_async:
 * @self: a relay
 * @cancellable: (nullable): looked at when it is closed: the closing itself goes on
 * @callback: (scope async): called when everybody is gone with their threads
 * @user_data: for @callback
 *
 * Everybody leaves for the reason `shutdown`; who joins from now on is refused.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_relay_close_async (WherryRelay *self, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
/**
 * wherry_relay_close_finish:
 * @self: a relay
 * @result: what the callback got
 * @error: return location: %G_IO_ERROR_CANCELLED
 *
 * Ends [method@Relay.close_async].
 *
 * Returns: %TRUE if it is closed
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_relay_close_finish (WherryRelay *self, GAsyncResult *result, GError **error);

G_END_DECLS
