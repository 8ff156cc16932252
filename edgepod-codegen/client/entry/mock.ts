import type { CreateMockPod } from "../src/mock/index";
import { createMockPod as anyMockPod } from "../src/mock/index";
import type { EdgePodFunctions } from "./types";

/**
 * A pod that answers from functions of your own, for tests and for Storybook.
 *
 * @example
 * const pod = createMockPod({ … });
 * render(<EdgePodProvider {...pod.props}><App /></EdgePodProvider>);
 */
export const createMockPod: CreateMockPod<EdgePodFunctions> = anyMockPod as CreateMockPod<EdgePodFunctions>;
export type { MockFunctions, MockPod } from "../src/mock/index";
