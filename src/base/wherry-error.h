/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * WherryError:
 * @WHERRY_ERROR_FAILED: something failed that no other code describes
 * @WHERRY_ERROR_INVALID_ARGUMENT: the caller's own value is out of range or malformed
 * @WHERRY_ERROR_PROTOCOL: bytes from the network break the protocol that they claim to speak
 * @WHERRY_ERROR_UNSUPPORTED: well formed, but asks for something that we do not do
 * @WHERRY_ERROR_LIMIT: a configured or named limit was reached
 * @WHERRY_ERROR_TOO_LARGE: a message is larger than the receiver takes
 * @WHERRY_ERROR_WOULD_BLOCK: there is no room now; try again when told that there is
 * @WHERRY_ERROR_CLOSED: the object is closed, or never was open
 * @WHERRY_ERROR_UNVERIFIED: a fingerprint, certificate or token did not verify
 * @WHERRY_ERROR_TIMEOUT: what was waited for did not happen in time
 * @WHERRY_ERROR_NOT_FOUND: no such room, member, channel or topic
 * @WHERRY_ERROR_FORBIDDEN: known, but not allowed
 * @WHERRY_ERROR_RESOURCES: the system has no thread, file descriptor or memory left for it
 * @WHERRY_ERROR_INVALID_STATE: it cannot be done in the state that the object is in
 *
 * The one error domain of Wherry.
 */
typedef enum
{
  WHERRY_ERROR_FAILED,
  WHERRY_ERROR_INVALID_ARGUMENT,
  WHERRY_ERROR_PROTOCOL,
  WHERRY_ERROR_UNSUPPORTED,
  WHERRY_ERROR_LIMIT,
  WHERRY_ERROR_TOO_LARGE,
  WHERRY_ERROR_WOULD_BLOCK,
  WHERRY_ERROR_CLOSED,
  WHERRY_ERROR_UNVERIFIED,
  WHERRY_ERROR_TIMEOUT,
  WHERRY_ERROR_NOT_FOUND,
  WHERRY_ERROR_FORBIDDEN,
  WHERRY_ERROR_RESOURCES,
  WHERRY_ERROR_INVALID_STATE,
} WherryError;

#define WHERRY_ERROR (wherry_error_quark ())
/**
 * wherry_error_quark:
 *
 * The domain of [error@Error].
 *
 * Returns: the quark
 *
 * Thread: any
 */
GQuark wherry_error_quark (void);

G_END_DECLS
