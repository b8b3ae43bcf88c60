import * as pulumi from "@pulumi/pulumi";

class Res extends pulumi.CustomResource {
    declare public readonly uid: pulumi.Output<string>;

    constructor(name: string, props: pulumi.Inputs) {
        super("actor:index:Res", name, { uid: undefined, ...props });
    }
}

const note: string = new pulumi.Config().require("note");
const a = new Res("a", { note, pw: pulumi.secret("hidden"), nest: { k: [1, "t"] } });
if (note === "throw") {
    throw new Error("oops");
}
if (note === "exit") {
    process.exit(1);
}
if (note === "more") {
    new Res("b", { note: a.uid });
}
export const uid: pulumi.Output<string> = a.uid;
