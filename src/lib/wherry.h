/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one header that a program includes. */

#include "lib/wherry-version.h"
