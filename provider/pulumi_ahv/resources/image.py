"""The image: an upload, a download by Prism, or a copy of a disk, with its name, placement and categories.

Creating looks for the mark first: what an interrupted run left is finished, not made again. What ``read`` answers as
inputs is what ``check`` would answer for the live object, so that a drift shows, and is repaired, property by property.
"""

from __future__ import annotations

from dataclasses import replace

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.values import Checksum, Image, ImageChange, ImageSpec, ImageType, Product, StreamSource
from pulumi_ahv.resources.handler import CheckOutcome, Context, Created, Live, State
from pulumi_ahv.resources.image_content import Content, content_of, same_file_without_it
from pulumi_ahv.resources.mark import Mark, without_mark
from pulumi_ahv.resources.naming import live_names, resolve_categories, resolve_clusters, resolve_container
from pulumi_ahv.resources.support import fitted
from pulumi_ahv.schema.compare import replaced_by
from pulumi_ahv.schema.fields import UNKNOWN, has_unknown
from pulumi_ahv.schema.image import ImageChecksum, ImageInputs, ImageOutputs, ImageSource
from pulumi_ahv.schema.validate import validate

UPDATE_SECONDS = 900.0
FIRST = "first"  # the claim of whoever makes an image: not a random one, so that a repeated call is the same call


class ImageHandler:
    """Images, on any site."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def check(self, olds: State, news: State) -> CheckOutcome:
        """Validate, inspect the source, and work out ``content``."""
        checked = validate(ImageInputs, news)
        if checked.failures:
            return CheckOutcome(news, checked.failures)
        if "content" in news:  # only ignoreChanges can put it there, and then it holds
            return CheckOutcome(news)
        if any(has_unknown(news.get(name)) for name in ("source", "checksum", "type")):
            return CheckOutcome({**news, "content": UNKNOWN})
        source = ImageSource.model_validate(news["source"])
        checksum = ImageChecksum.model_validate(news["checksum"]) if news.get("checksum") else None
        if same_file_without_it(source, checksum, olds.get("content")):
            return CheckOutcome({**news, "content": olds["content"]})
        try:
            content = content_of(source, checksum, news.get("type") or "disk", self._context.digests)
        except InputError as failure:
            return CheckOutcome(news, (failure,))
        return CheckOutcome({**news, "content": content.identity})

    def replaces(self, state: State, news: State) -> list[str]:
        """New content, another type, container or connection need a new image."""
        return replaced_by(ImageInputs, state, news)

    def create(self, inputs: State) -> Created:
        """Finish what an interrupted run began, adopt, or make; on failure remove what this call made."""
        told = ImageInputs.model_validate(inputs)
        site = self._context.site(told.connection)
        mark = mark_of(told, FIRST)
        told = fitted(told, site.info, self._context.progress, name=told.name)
        deadline = Deadline(self._context.clock, told.timeout)
        content = self._content(told)
        spec = _spec(site, told, content, mark)
        own = self._own(site, mark)
        image = next((image for image in own if image.size_bytes > 0), None) or self._stranger(site, told)
        if image:
            self._context.progress(f"{told.name}: taking over image {image.uuid}")
            mark = replace(mark, claim=self._context.token())
            if isinstance(spec.source, StreamSource):
                site.images.forget([mark.key])
        else:
            image = self._make(site, spec, mark, deadline)
        for left in own:
            if left.uuid != image.uuid:  # the half-made rest of an interrupted run
                site.images.delete(left.uuid, deadline=deadline)
        if Mark.read(image.description) != mark:
            image = site.images.update(image.uuid, _change(spec, mark.write(told.description)), deadline=deadline)
        return Created(image.uuid, _state(inputs, image, mark, content))

    def read(self, uuid: str, state: State) -> Live | None:
        """Ask Prism, and say what the inputs would be if they told the truth."""
        site = self._context.site(state.get("connection"))
        image = site.images.get(uuid)
        if image is None:
            return None
        inputs = {name: value for name, value in state.items() if name in _INPUT_NAMES}
        inputs |= _live_inputs(site, inputs, image)
        return Live({**state, **inputs, **_told(image)}, inputs)

    def update(self, uuid: str, state: State, news: State) -> State:
        """Change name, description, categories, placement and mark in place."""
        told = ImageInputs.model_validate(news)
        site = self._context.site(told.connection)
        before = site.images.get(uuid)
        if before is None:
            raise AhvError(
                f"Image {told.name!r}: cannot update image {uuid}",
                said=f"{site.info.product} at {site.info.url} does not know it any more",
                advice="Run `pulumi refresh`, then `pulumi up` makes it anew.",
            )
        mark = mark_of(told, str(state["claim"]))
        told = fitted(told, site.info, self._context.progress, name=told.name)
        change = ImageChange(
            name=told.name,
            description=mark.write(told.description),
            cluster_uuids=resolve_clusters(site.inventory, told.clusters) or None,
            category_uuids=_categories(site, told, state),
        )
        image = site.images.update(uuid, change, deadline=Deadline(self._context.clock, UPDATE_SECONDS))
        kept = {name: state[name] for name in ("format", "sha256", "claim") if state.get(name)}
        return {**news, **kept, **_told(image)}

    def delete(self, uuid: str, state: State) -> None:
        """Delete the image, unless somebody else has adopted it meanwhile."""
        site = self._context.site(state.get("connection"))
        image = site.images.get(uuid)
        if image is None:
            return
        mark = Mark.read(image.description)
        if mark and mark.claim != state.get("claim"):
            self._context.progress(f"{image.name}: image {uuid} now belongs to {mark.owner} and is left alone")
            return
        site.images.delete(uuid, deadline=Deadline(self._context.clock, UPDATE_SECONDS))

    def _content(self, told: ImageInputs) -> Content:
        """Inspect the source once more; between the check and now it may have changed."""
        content = content_of(told.source, told.checksum, told.type, self._context.digests)
        if told.content not in (content.identity, None):
            raise InputError(
                "source",
                f"it changed between the check ({told.content}) and now ({content.identity})",
                advice="Wait until whatever writes it is done, then run `pulumi up` again.",
            )
        return content

    def _own(self, site: Site, mark: Mark) -> list[Image]:
        """What interrupted creates of this very object left; an image without a size is still being filled."""
        found = site.images.described(mark.fragment)
        return [image for image in found if mark.is_same_object(Mark.read(image.description))]

    def _stranger(self, site: Site, told: ImageInputs) -> Image | None:
        """The image to adopt, if another has the wanted name and ``onNameConflict`` says so."""
        if told.on_name_conflict == "allow":
            return None
        mine = mark_of(told, "0")
        strangers = [
            image for image in site.images.named(told.name) if not mine.is_same_owner(Mark.read(image.description))
        ]
        if not strangers:
            return None
        if told.on_name_conflict == "adopt" and len(strangers) == 1 and strangers[0].type.value == told.type:
            return strangers[0]
        raise _name_taken(site, told, strangers)

    def _make(self, site: Site, spec: ImageSpec, mark: Mark, deadline: Deadline) -> Image:
        try:
            return site.images.create(spec, key=mark.key, deadline=deadline, progress=self._context.progress)
        except AhvError:
            self._roll_back(site, mark)
            raise

    def _roll_back(self, site: Site, mark: Mark) -> None:
        """Remove what a failed create left; state will know nothing of it (design rule 2)."""
        try:
            for image in self._own(site, mark):
                if Mark.read(image.description) == mark:
                    site.images.delete(image.uuid, deadline=Deadline(self._context.clock, UPDATE_SECONDS))
        except AhvError as error:
            self._context.progress(f"an image with the mark {mark.fragment}…] may be left: {error}")


_INPUT_NAMES = frozenset(field.alias or "" for field in ImageInputs.model_fields.values())


def mark_of(told: ImageInputs, claim: str) -> Mark:
    """The mark of the image that inputs declare, claimed so."""
    place = (told.connection or "", told.storage_container or "")
    return Mark.of(told.owner, "image", differs_by=(told.content or "", told.type, *place), claim=claim)


def _spec(site: Site, told: ImageInputs, content: Content, mark: Mark) -> ImageSpec:
    sums = told.checksum
    checksum = None
    if sums:
        checksum = Checksum("sha256", sums.sha256) if sums.sha256 else Checksum("sha1", sums.sha1 or "")
    elif content.sha256:
        checksum = Checksum("sha256", content.sha256)
    return ImageSpec(
        name=told.name,
        description=mark.write(told.description),
        type=ImageType(told.type),
        source=content.source,
        checksum=checksum,
        cluster_uuids=resolve_clusters(site.inventory, told.clusters),
        category_uuids=resolve_categories(site.inventory, told.categories),
        storage_container_uuid=resolve_container(site.inventory, told.storage_container),
    )


def _change(spec: ImageSpec, description: str) -> ImageChange:
    return ImageChange(
        name=spec.name,
        description=description,
        cluster_uuids=spec.cluster_uuids or None,
        category_uuids=spec.category_uuids or None,
    )


def _categories(site: Site, told: ImageInputs, state: State) -> tuple[str, ...] | None:
    """Categories to set; an empty tuple takes away those that were asked for once and are no longer."""
    if told.categories is None:
        return () if state.get("categories") else None
    return resolve_categories(site.inventory, told.categories)


def _name_taken(site: Site, told: ImageInputs, strangers: list[Image]) -> InputError:
    uuids = ", ".join(image.uuid for image in strangers)
    if told.on_name_conflict == "adopt":
        said = f"cannot adopt an image named {told.name!r}: " + (
            f"{len(strangers)} have that name ({uuids})"
            if len(strangers) > 1
            else f"{uuids} is of type {strangers[0].type}, not {told.type}"
        )
        return InputError("onNameConflict", said, advice="Rename or delete what is in the way, or choose another name.")
    return InputError(
        "name",
        f"{site.info.product} at {site.info.url} already has an image named {told.name!r} that is not ours ({uuids})",
        advice="Choose another name, or set onNameConflict to 'adopt' (manage that one) or 'allow' (have both).",
    )


def _told(image: Image) -> State:
    return {
        "uuid": image.uuid,
        "sizeBytes": image.size_bytes,
        "clusterUuids": list(image.cluster_uuids),
        **({"vmDiskUuid": image.vm_disk_uuid} if image.vm_disk_uuid else {}),
    }


def _state(inputs: State, image: Image, mark: Mark, content: Content) -> State:
    told = _told(image)
    found = {"format": content.format, "sha256": content.sha256, "claim": mark.claim}
    outputs = ImageOutputs.model_validate({**told, **{name: value for name, value in found.items() if value}})
    return {**inputs, **outputs.model_dump(by_alias=True, exclude_none=True)}


def _live_inputs(site: Site, inputs: State, image: Image) -> State:
    """Live values of the properties that the user set, and of the mark."""
    mark = Mark.read(image.description)
    live: State = {"name": image.name, "owner": _live_owner(inputs, mark)}
    if "type" in inputs or image.type is not ImageType.DISK:
        live["type"] = image.type.value
    if "description" in inputs:
        live["description"] = without_mark(image.description)
    if inputs.get("clusters"):
        names = {cluster.uuid: cluster.name for cluster in site.inventory.clusters()}
        live["clusters"] = live_names(inputs["clusters"], image.cluster_uuids, names, extras=False)
    if "categories" in inputs and site.info.product is Product.CENTRAL:
        found = [site.inventory.category_by_uuid(uuid) for uuid in image.category_uuids]
        names = {category.uuid: f"{category.key}:{category.value}" for category in found if category}
        live["categories"] = live_names(inputs["categories"], image.category_uuids, names, extras=True)
    return live


def _live_owner(inputs: State, mark: Mark | None) -> str:
    """The owner as the user's program spells it while the mark says so; else what the mark says, or nothing."""
    if mark is None:
        return ""
    wanted = str(inputs.get("owner", ""))
    return wanted if Mark.of(wanted, "image", differs_by=(), claim="0").is_same_owner(mark) else mark.owner
